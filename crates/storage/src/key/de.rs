//! Reading keys back. Whatever the bytes, the worst that happens is a [`Refusal`].

use serde::de::{DeserializeSeed, EnumAccess, IntoDeserializer, SeqAccess, VariantAccess, Visitor};
use serde::{Deserializer, de};

use super::Refusal;

/// What is left of the bytes of one key.
pub(super) struct Decoder<'b> {
    pub(super) rest: &'b [u8],
}

impl Decoder<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Refusal> {
        let Some((taken, rest)) = self.rest.split_first_chunk::<N>() else {
            return Err(Refusal("it ends too early".to_owned()));
        };
        self.rest = rest;
        Ok(*taken)
    }

    fn byte(&mut self) -> Result<u8, Refusal> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn escaped(&mut self) -> Result<Vec<u8>, Refusal> {
        let mut text = Vec::new();
        loop {
            match self.byte()? {
                0x00 => match self.byte()? {
                    0x00 => return Ok(text),
                    0xFF => text.push(0),
                    other => return Err(Refusal(format!("0x00 is followed by {other:#04x}"))),
                },
                byte => text.push(byte),
            }
        }
    }

    fn text(&mut self) -> Result<String, Refusal> {
        String::from_utf8(self.escaped()?).map_err(|_| Refusal("its text is not UTF-8".to_owned()))
    }
}

macro_rules! unsigned {
    ($($method:ident, $visit:ident: $int:ty),*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
            visitor.$visit(<$int>::from_be_bytes(self.take()?))
        }
    )* };
}

macro_rules! signed {
    ($($method:ident, $visit:ident: $int:ty),*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
            visitor.$visit(<$int>::from_be_bytes(self.take()?) ^ <$int>::MIN)
        }
    )* };
}

macro_rules! refused {
    ($($method:ident: $what:literal),*) => { $(
        fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Refusal> {
            Err(Refusal(concat!($what, " cannot be part of a key").to_owned()))
        }
    )* };
}

impl<'de> Deserializer<'de> for &mut Decoder<'_> {
    type Error = Refusal;

    fn is_human_readable(&self) -> bool {
        false
    }

    unsigned!(deserialize_u8, visit_u8: u8, deserialize_u16, visit_u16: u16, deserialize_u32, visit_u32: u32,
        deserialize_u64, visit_u64: u64, deserialize_u128, visit_u128: u128);
    signed!(deserialize_i8, visit_i8: i8, deserialize_i16, visit_i16: i16, deserialize_i32, visit_i32: i32,
        deserialize_i64, visit_i64: i64, deserialize_i128, visit_i128: i128);
    refused!(deserialize_any: "a value of unknown type", deserialize_ignored_any: "an ignored value",
        deserialize_identifier: "a field's name", deserialize_f32: "a floating-point number",
        deserialize_f64: "a floating-point number", deserialize_seq: "a list of any length", deserialize_map: "a map");

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.byte()? {
            0 => visitor.visit_bool(false),
            1 => visitor.visit_bool(true),
            other => Err(Refusal(format!("{other} is neither false nor true"))),
        }
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let code = u32::from_be_bytes(self.take()?);
        let value = char::from_u32(code).ok_or_else(|| Refusal(format!("{code:#x} is no character")))?;
        visitor.visit_char(value)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_string(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_string(self.text()?)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_byte_buf(self.escaped()?)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_byte_buf(self.escaped()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.byte()? {
            0 => visitor.visit_none(),
            1 => visitor.visit_some(self),
            other => Err(Refusal(format!("{other} is no option's tag"))),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_seq(Parts { decoder: self, left: len })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.deserialize_tuple(fields.len(), visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        visitor.visit_enum(self)
    }
}

/// The parts of a tuple, struct or variant, one after the other.
struct Parts<'a, 'b> {
    decoder: &'a mut Decoder<'b>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Parts<'_, '_> {
    type Error = Refusal;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Refusal> {
        match self.left.checked_sub(1) {
            None => Ok(None),
            Some(left) => {
                self.left = left;
                seed.deserialize(&mut *self.decoder).map(Some)
            }
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> EnumAccess<'de> for &mut Decoder<'_> {
    type Error = Refusal;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self), Refusal> {
        let index = u32::from(self.byte()?);
        let index: de::value::U32Deserializer<Refusal> = index.into_deserializer();
        Ok((seed.deserialize(index)?, self))
    }
}

impl<'de> VariantAccess<'de> for &mut Decoder<'_> {
    type Error = Refusal;

    fn unit_variant(self) -> Result<(), Refusal> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Refusal> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_tuple(fields.len(), visitor)
    }
}
