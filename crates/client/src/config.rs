//! `config.toml`: what people choose once.
//!
//! ```toml
//! theme = "auto"              # or "colour", "plain"; auto heeds NO_COLOR
//! first_day_of_week = "monday"
//! hours = 24                  # or 12
//! zone = "Europe/Berlin"      # default: the machine's
//!
//! [keys]                      # by the words of the palette; instead of the keys it has
//! "new event" = "n"
//! quit = ["q", "ctrl-q"]
//! ```
//!
//! All of it may be left out, the file too. What is there must be right: a wrong value, and a key that does not exist, are
//! errors that say what would be right, because a setting that is silently ignored is looked for in the wrong place.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use crossterm::event::KeyCode;
use domain::Zone;
use jiff::civil::Weekday;
use toml::Value;

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
            keys: BTreeMap::new(),
        }
    }
}

/// A key as it is written in the file: `n`, `?`, `ctrl-s`, `enter`, `page-down`, `f5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyName {
    /// The key.
    pub code: KeyCode,
    /// With the control key held.
    pub control: bool,
}

/// Why the file was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It cannot be read.
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// It is no TOML.
    Malformed {
        /// Where and why, as the parser tells it.
        reason: String,
    },
    /// One setting is wrong.
    Setting {
        /// Its name, `keys."new event"`.
        key: String,
        /// What stands there; empty if the key itself is what is wrong.
        value: String,
        /// What would be right.
        right: String,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, reason } => write!(f, "{}: {reason}", path.display()),
            Self::Malformed { reason } => write!(f, "config.toml: {}", reason.trim_end()),
            Self::Setting { key, value, right } if value.is_empty() => write!(f, "config.toml: {key}: {right}"),
            Self::Setting { key, value, right } => write!(f, "config.toml: {key} = {value}: {right}"),
        }
    }
}

impl std::error::Error for Fault {}

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
            Ok(text) => Self::parse(&text, actions),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Fault::Unreadable { path: path.to_owned(), reason: error.to_string() }),
        }
    }

    /// What `text` says. `actions` are the words that `[keys]` may name.
    ///
    /// # Errors
    /// If it is no TOML, or the first setting that does not exist or has a wrong value.
    pub fn parse(text: &str, actions: &[&str]) -> Result<Self, Fault> {
        let table: toml::Table =
            text.parse().map_err(|error: toml::de::Error| Fault::Malformed { reason: error.to_string() })?;
        let mut config = Self::default();
        for (key, value) in &table {
            match key.as_str() {
                "theme" => config.theme = one_of(key, value, &THEMES)?,
                "first_day_of_week" => config.first_weekday = one_of(key, value, &WEEKDAYS)?,
                "hours" => config.hours = hours(key, value)?,
                "zone" => config.zone = Some(zone(key, value)?),
                "keys" => config.keys = keys(value, actions)?,
                _ => {
                    let right = "there is no such setting; there are theme, first_day_of_week, hours, zone and [keys]";
                    return Err(Fault::Setting { key: key.clone(), value: String::new(), right: right.to_owned() });
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

fn wrong(key: &str, value: &Value, right: impl Into<String>) -> Fault {
    Fault::Setting { key: key.to_owned(), value: value.to_string(), right: right.into() }
}

fn one_of<T: Copy>(key: &str, value: &Value, choices: &[(&str, T)]) -> Result<T, Fault> {
    let chosen = value.as_str().and_then(|text| choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)));
    chosen.map(|(_, choice)| *choice).ok_or_else(|| {
        let names: Vec<String> = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        wrong(key, value, format!("write one of {}", names.join(", ")))
    })
}

fn hours(key: &str, value: &Value) -> Result<Hours, Fault> {
    match value.as_integer() {
        Some(12) => Ok(Hours::Twelve),
        Some(24) => Ok(Hours::TwentyFour),
        _ => Err(wrong(key, value, "write 12 or 24")),
    }
}

fn zone(key: &str, value: &Value) -> Result<Zone, Fault> {
    let parsed = value.as_str().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| wrong(key, value, "write the IANA name of a zone, such as \"Europe/Berlin\" or \"UTC\""))
}

fn keys(value: &Value, actions: &[&str]) -> Result<BTreeMap<String, Vec<KeyName>>, Fault> {
    let Some(table) = value.as_table() else {
        return Err(wrong("keys", value, "write a section [keys] with lines such as quit = \"q\""));
    };
    let mut taken = BTreeMap::new();
    for (action, value) in table {
        let key = format!("keys.\"{action}\"");
        if !actions.contains(&action.as_str()) {
            let right = format!("there is no such action; there are {}", actions.join(", "));
            return Err(Fault::Setting { key, value: String::new(), right });
        }
        let names = match value {
            Value::String(name) => vec![name.as_str()],
            Value::Array(names) => {
                let names: Option<Vec<&str>> = names.iter().map(Value::as_str).collect();
                names.ok_or_else(|| wrong(&key, value, KEY_NAMES))?
            }
            _ => return Err(wrong(&key, value, KEY_NAMES)),
        };
        let parsed: Option<Vec<KeyName>> = names.into_iter().map(KeyName::parse).collect();
        taken.insert(action.clone(), parsed.ok_or_else(|| wrong(&key, value, KEY_NAMES))?);
    }
    Ok(taken)
}

const KEY_NAMES: &str = "write a key, or a list of keys, such as \"n\", \"ctrl-s\", \"enter\", \"esc\", \"tab\", \"shift-tab\", \
                         \"space\", \"up\", \"page-down\", \"home\", \"delete\" or \"f5\"";

impl KeyName {
    /// The key that `text` names; letters keep their case, names of keys have none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.to_lowercase();
        let (name, control) = match lower.strip_prefix("ctrl-") {
            // Terminals tell no difference between ctrl-s and ctrl-S.
            Some(name) => (name, true),
            None => (text, false),
        };
        let mut characters = name.chars();
        let code = match (characters.next(), characters.next()) {
            (Some(only), None) if !only.is_control() && !only.is_whitespace() => KeyCode::Char(only),
            _ => named(&name.to_lowercase())?,
        };
        Some(Self { code, control })
    }
}

fn named(name: &str) -> Option<KeyCode> {
    Some(match name {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "shift-tab" => KeyCode::BackTab,
        "space" => KeyCode::Char(' '),
        "backspace" => KeyCode::Backspace,
        "delete" => KeyCode::Delete,
        "insert" => KeyCode::Insert,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "page-up" => KeyCode::PageUp,
        "page-down" => KeyCode::PageDown,
        _ => {
            let number = name.strip_prefix('f')?.parse::<u8>().ok().filter(|number| (1..=12).contains(number))?;
            KeyCode::F(number)
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ACTIONS: [&str; 2] = ["new event", "quit"];

    fn parse(text: &str) -> Result<Config, Fault> {
        Config::parse(text, &ACTIONS)
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        assert_eq!(parse("").unwrap(), Config::default());
        let nowhere = std::env::temp_dir().join("convene-no-such-folder").join("config.toml");
        assert_eq!(Config::load(&nowhere, &ACTIONS).unwrap(), Config::default());
    }

    #[test]
    fn everything_can_be_chosen() {
        let config = parse(
            "theme = \"plain\"\nfirst_day_of_week = \"Sunday\"\nhours = 12\nzone = \"europe/berlin\"\n\
             [keys]\n\"new event\" = \"N\"\nquit = [\"ctrl-Q\", \"f10\", \"?\"]\n",
        )
        .unwrap();
        assert_eq!(
            (config.theme, config.first_weekday, config.hours),
            (Palette::Colourless, Weekday::Sunday, Hours::Twelve)
        );
        assert_eq!(config.zone.unwrap().name(), "Europe/Berlin");
        let plain = |code| KeyName { code, control: false };
        assert_eq!(config.keys["new event"], [plain(KeyCode::Char('N'))]);
        let control = KeyName { code: KeyCode::Char('q'), control: true };
        assert_eq!(config.keys["quit"], [control, plain(KeyCode::F(10)), plain(KeyCode::Char('?'))]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_value_and_what_would_be_right() {
        for (text, parts) in [
            ("theme = \"pink\"", ["theme", "\"pink\"", "\"plain\""]),
            ("theme = 3", ["theme", "3", "\"auto\""]),
            ("first_day_of_week = \"someday\"", ["first_day_of_week", "\"someday\"", "\"sunday\""]),
            ("hours = 13", ["hours", "13", "12 or 24"]),
            ("hours = \"24\"", ["hours", "\"24\"", "12 or 24"]),
            ("zone = \"Mars/Phobos\"", ["zone", "\"Mars/Phobos\"", "Europe/Berlin"]),
            ("colour = true", ["colour", "no such setting", "first_day_of_week"]),
            ("keys = 1", ["keys", "1", "[keys]"]),
            ("[keys]\nquit = \"ctrl-\"", ["keys.\"quit\"", "\"ctrl-\"", "page-down"]),
            ("[keys]\nquit = [\"q\", 7]", ["keys.\"quit\"", "7", "ctrl-s"]),
            ("[keys]\nquit = \"f13\"", ["keys.\"quit\"", "f13", "f5"]),
            ("[keys]\nfly = \"f\"", ["keys.\"fly\"", "no such action", "new event, quit"]),
            ("theme = \"auto\"\nhours", ["config.toml", "line 2", "hours"]),
        ] {
            let message = parse(text).unwrap_err().to_string();
            assert!(parts.iter().all(|part| message.contains(part)), "{text}: {message}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_is_an_error_with_its_path() {
        let folder = std::env::temp_dir();
        let error = Config::load(&folder, &ACTIONS).unwrap_err();
        assert!(error.to_string().starts_with(&folder.display().to_string()), "{error}");
    }

    #[test]
    fn the_file_lies_where_xdg_says() {
        let some = |folder: &str| Some(OsString::from(folder));
        assert_eq!(path(some("/x"), some("/home/ann")), Some(PathBuf::from("/x/convene/config.toml")));
        assert_eq!(path(None, some("/home/ann")), Some(PathBuf::from("/home/ann/.config/convene/config.toml")));
        assert_eq!(path(some("x"), some("/home/ann")), Some(PathBuf::from("/home/ann/.config/convene/config.toml")));
        assert_eq!(path(some(""), None), None);
    }

    proptest! {
        #[test]
        fn no_text_whatever_makes_it_panic(text in any::<String>(), value in any::<String>()) {
            let _ = parse(&text);
            let _ = parse(&format!("[keys]\nquit = {value:?}"));
            let _ = KeyName::parse(&text);
        }
    }
}
