//! `config.toml`: what people choose once. `docs/config.toml` is an example with all of it, and what holds without it.
//!
//! All of it may be left out, the file too. What is there must be right: a wrong value, and a key that does not exist, are
//! errors that name the line and say what would be right, because a setting that is silently ignored is looked for in the wrong place.

mod fault;
mod key;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::ops::Range;
use std::path::{Path, PathBuf};

use domain::Zone;
use jiff::civil::Weekday;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub use self::fault::Fault;
pub use self::key::KeyName;
use crate::hours::Hours;
use crate::ui::theme::Palette;

/// What was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Colours or none.
    pub theme: Palette,
    /// On which day weeks begin; Monday unless something else was chosen.
    pub first_weekday: Weekday,
    /// How times are written.
    pub hours: Hours,
    /// The reader's zone; `None` for the machine's.
    pub zone: Option<Zone>,
    /// Whether the mouse is the client's: then it selects and scrolls, and the terminal's own selection needs its special key.
    pub mouse: bool,
    /// By the words of an action, the keys that do it instead of its own.
    pub keys: BTreeMap<String, Vec<KeyName>>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            theme: Palette::default(),
            first_weekday: Weekday::Monday,
            hours: Hours::default(),
            zone: None,
            mouse: false,
            keys: BTreeMap::new(),
        }
    }
}

/// Where the file is: `convene/config.toml` in the folder that `XDG_CONFIG_HOME` names, or else in `~/.config`. A folder that
/// is no absolute path is passed over, as the XDG Base Directory Specification has it. `None` without a home.
#[must_use]
pub fn path(xdg_config_home: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let absolute = |folder: Option<OsString>| folder.map(PathBuf::from).filter(|folder| folder.is_absolute());
    let folder = absolute(xdg_config_home).or_else(|| absolute(home).map(|home| home.join(".config")))?;
    Some(folder.join("convene").join("config.toml"))
}

impl Config {
    /// What the file at `path` says; the defaults if there is none. `actions` are the words that `[keys]` may name.
    ///
    /// # Errors
    /// If there is a file that cannot be read, or as [`Self::parse`].
    pub fn load(path: &Path, actions: &[&str]) -> Result<Self, Fault> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, actions).map_err(|fault| fault.in_file(path)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Fault {
                file: path.to_owned(),
                line: None,
                key: String::new(),
                value: String::new(),
                right: error.to_string(),
            }),
        }
    }

    /// What `text` says. `actions` are the words that `[keys]` may name.
    ///
    /// # Errors
    /// The first line that is no TOML, or else the first setting that does not exist or has a wrong value.
    pub fn parse(text: &str, actions: &[&str]) -> Result<Self, Fault> {
        let file = File { text };
        let table = DeTable::parse(text).map_err(|error| {
            let right = format!("{}; write lines such as hours = 24", error.message());
            file.fault(error.span().unwrap_or_default(), "", "", right)
        })?;
        let mut settings: Vec<_> = table.get_ref().iter().collect();
        settings.sort_by_key(|(key, _)| key.span().start);
        let mut config = Self::default();
        for (key, value) in settings {
            let name = key.get_ref().as_ref();
            match name {
                "theme" => config.theme = file.one_of(name, value, &THEMES)?,
                "first_day_of_week" => config.first_weekday = file.one_of(name, value, &WEEKDAYS)?,
                "hours" => config.hours = file.hours(name, value)?,
                "zone" => config.zone = Some(file.zone(name, value)?),
                "mouse" => config.mouse = file.mouse(name, value)?,
                "keys" => config.keys = file.keys(value, actions)?,
                _ => {
                    let right =
                        "there is no such setting; there are theme, first_day_of_week, hours, zone, mouse and [keys]";
                    return Err(file.fault(key.span(), name, "", right));
                }
            }
        }
        Ok(config)
    }
}

const THEMES: [(&str, Palette); 3] =
    [("auto", Palette::Auto), ("colour", Palette::Colours), ("plain", Palette::Colourless)];

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// The text being read, for saying where something stands.
struct File<'a> {
    text: &'a str,
}

type Value<'a> = Spanned<DeValue<'a>>;

impl File<'_> {
    fn fault(&self, at: Range<usize>, key: &str, value: &str, right: impl Into<String>) -> Fault {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        Fault {
            file: PathBuf::from("config.toml"),
            line: Some(before.matches('\n').count() + 1),
            key: key.to_owned(),
            value: value.to_owned(),
            right: right.into(),
        }
    }

    /// A value that will not do, as it was written.
    fn wrong(&self, key: &str, value: &Value<'_>, right: impl Into<String>) -> Fault {
        let written = self.text.get(value.span()).unwrap_or_default();
        self.fault(value.span(), key, written, right)
    }

    fn one_of<T: Copy>(&self, key: &str, value: &Value<'_>, choices: &[(&str, T)]) -> Result<T, Fault> {
        let text = value.get_ref().as_str();
        let chosen = text.and_then(|text| choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)));
        chosen.map(|(_, choice)| *choice).ok_or_else(|| {
            let names: Vec<String> = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
            self.wrong(key, value, format!("write one of {}", names.join(", ")))
        })
    }

    fn hours(&self, key: &str, value: &Value<'_>) -> Result<Hours, Fault> {
        match value.get_ref().as_integer().map(toml::de::DeInteger::as_str) {
            Some("12") => Ok(Hours::Twelve),
            Some("24") => Ok(Hours::TwentyFour),
            _ => Err(self.wrong(key, value, "write 12 or 24")),
        }
    }

    fn zone(&self, key: &str, value: &Value<'_>) -> Result<Zone, Fault> {
        let parsed = value.get_ref().as_str().and_then(|text| text.parse().ok());
        let right = "write the IANA name of a zone, such as \"Europe/Berlin\" or \"UTC\"";
        parsed.ok_or_else(|| self.wrong(key, value, right))
    }

    fn mouse(&self, key: &str, value: &Value<'_>) -> Result<bool, Fault> {
        value.get_ref().as_bool().ok_or_else(|| self.wrong(key, value, "write true or false"))
    }

    fn keys(&self, value: &Value<'_>, actions: &[&str]) -> Result<BTreeMap<String, Vec<KeyName>>, Fault> {
        let Some(table) = value.get_ref().as_table() else {
            return Err(self.wrong("keys", value, "write a section [keys] with lines such as quit = \"q\""));
        };
        let mut settings: Vec<_> = table.iter().collect();
        settings.sort_by_key(|(action, _)| action.span().start);
        let mut taken = BTreeMap::new();
        for (action, value) in settings {
            let key = format!("keys.\"{}\"", action.get_ref());
            if !actions.contains(&action.get_ref().as_ref()) {
                let right = format!("there is no such action; there are {}", actions.join(", "));
                return Err(self.fault(action.span(), &key, "", right));
            }
            let parsed = match value.get_ref() {
                DeValue::String(name) => KeyName::parse(name).map(|name| vec![name]),
                DeValue::Array(names) => {
                    names.iter().map(|name| KeyName::parse(name.get_ref().as_str()?)).collect::<Option<Vec<_>>>()
                }
                _ => None,
            };
            taken.insert(action.get_ref().to_string(), parsed.ok_or_else(|| self.wrong(&key, value, KEY_NAMES))?);
        }
        Ok(taken)
    }
}

const KEY_NAMES: &str = "write a key, or a list of keys, such as \"n\", \"ctrl-s\", \"enter\", \"esc\", \"tab\", \"shift-tab\", \
                         \"space\", \"up\", \"page-down\", \"home\", \"delete\" or \"f5\"";
