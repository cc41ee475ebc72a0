//! Writing keys: serde values to bytes that sort alike.

use serde::{Serialize, Serializer, ser};

use super::{END, ESCAPED_ZERO, Refusal};

/// Appends one key to `bytes`.
pub(super) struct Encoder<'a> {
    pub(super) bytes: &'a mut Vec<u8>,
}

impl Encoder<'_> {
    fn escaped(self, text: &[u8]) {
        for &byte in text {
            if byte == 0 {
                self.bytes.extend_from_slice(&ESCAPED_ZERO);
            } else {
                self.bytes.push(byte);
            }
        }
        self.bytes.extend_from_slice(&END);
    }

    fn variant(&mut self, index: u32) -> Result<(), Refusal> {
        let index = u8::try_from(index).map_err(|_| Refusal(format!("variant {index} is beyond the 256th")))?;
        self.bytes.push(index);
        Ok(())
    }
}

fn no_order<T>(what: &str) -> Result<T, Refusal> {
    Err(Refusal(format!("{what} cannot be part of a key")))
}

macro_rules! unsigned {
    ($($method:ident: $int:ty),*) => { $(
        fn $method(self, value: $int) -> Result<(), Refusal> {
            self.bytes.extend_from_slice(&value.to_be_bytes());
            Ok(())
        }
    )* };
}

macro_rules! signed {
    ($($method:ident: $int:ty),*) => { $(
        fn $method(self, value: $int) -> Result<(), Refusal> {
            self.bytes.extend_from_slice(&(value ^ <$int>::MIN).to_be_bytes());
            Ok(())
        }
    )* };
}

impl<'a> Serializer for Encoder<'a> {
    type Ok = ();
    type Error = Refusal;
    type SerializeSeq = ser::Impossible<(), Refusal>;
    type SerializeTuple = Parts<'a>;
    type SerializeTupleStruct = Parts<'a>;
    type SerializeTupleVariant = Parts<'a>;
    type SerializeMap = ser::Impossible<(), Refusal>;
    type SerializeStruct = Parts<'a>;
    type SerializeStructVariant = Parts<'a>;

    fn is_human_readable(&self) -> bool {
        false
    }

    unsigned!(serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128);
    signed!(serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128);

    fn serialize_bool(self, value: bool) -> Result<(), Refusal> {
        self.serialize_u8(u8::from(value))
    }

    fn serialize_f32(self, _: f32) -> Result<(), Refusal> {
        no_order("a floating-point number")
    }

    fn serialize_f64(self, _: f64) -> Result<(), Refusal> {
        no_order("a floating-point number")
    }

    fn serialize_char(self, value: char) -> Result<(), Refusal> {
        self.serialize_u32(u32::from(value))
    }

    fn serialize_str(self, value: &str) -> Result<(), Refusal> {
        self.escaped(value.as_bytes());
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Refusal> {
        self.escaped(value);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Refusal> {
        self.serialize_u8(0)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Refusal> {
        self.bytes.push(1);
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Refusal> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Refusal> {
        Ok(())
    }

    fn serialize_unit_variant(mut self, _: &'static str, index: u32, _: &'static str) -> Result<(), Refusal> {
        self.variant(index)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Refusal> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        _: &'static str,
        index: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Refusal> {
        self.variant(index)?;
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Refusal> {
        no_order("a list of any length")
    }

    fn serialize_tuple(self, _: usize) -> Result<Parts<'a>, Refusal> {
        Ok(Parts { bytes: self.bytes })
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Parts<'a>, Refusal> {
        Ok(Parts { bytes: self.bytes })
    }

    fn serialize_tuple_variant(
        mut self,
        _: &'static str,
        index: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Parts<'a>, Refusal> {
        self.variant(index)?;
        Ok(Parts { bytes: self.bytes })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Refusal> {
        no_order("a map")
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts<'a>, Refusal> {
        Ok(Parts { bytes: self.bytes })
    }

    fn serialize_struct_variant(
        mut self,
        _: &'static str,
        index: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Parts<'a>, Refusal> {
        self.variant(index)?;
        Ok(Parts { bytes: self.bytes })
    }
}

/// The parts of a tuple, struct or variant, one after the other.
pub(super) struct Parts<'a> {
    bytes: &'a mut Vec<u8>,
}

impl Parts<'_> {
    fn part<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        value.serialize(Encoder { bytes: self.bytes })
    }
}

macro_rules! parts {
    ($($compound:ident: $method:ident),*) => { $(
        impl ser::$compound for Parts<'_> {
            type Ok = ();
            type Error = Refusal;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
                self.part(value)
            }
            fn end(self) -> Result<(), Refusal> {
                Ok(())
            }
        }
    )* };
}

macro_rules! named_parts {
    ($($compound:ident),*) => { $(
        impl ser::$compound for Parts<'_> {
            type Ok = ();
            type Error = Refusal;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, _: &'static str, value: &T) -> Result<(), Refusal> {
                self.part(value)
            }
            fn skip_field(&mut self, field: &'static str) -> Result<(), Refusal> {
                Err(Refusal(format!("the field {field} is skipped, so that keys would have two shapes")))
            }
            fn end(self) -> Result<(), Refusal> {
                Ok(())
            }
        }
    )* };
}

parts!(SerializeTuple: serialize_element, SerializeTupleStruct: serialize_field, SerializeTupleVariant: serialize_field);
named_parts!(SerializeStruct, SerializeStructVariant);
