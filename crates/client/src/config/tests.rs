//! What may stand in the file, and what is said of what may not.

use crossterm::event::KeyCode;
use proptest::prelude::*;

use super::*;
use crate::app::keymap;

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
        "theme = \"plain\"\nfirst_day_of_week = \"Sunday\"\nhours = 12\nzone = \"europe/berlin\"\nmouse = true\n\
         [keys]\n\"new event\" = \"N\"\nquit = [\"ctrl-Q\", \"f10\", \"?\"]\n",
    )
    .unwrap();
    assert_eq!(
        (config.theme, config.first_weekday, config.hours),
        (Palette::Colourless, Weekday::Sunday, Hours::Twelve)
    );
    assert_eq!((config.zone.unwrap().name(), config.mouse), ("Europe/Berlin", true));
    let plain = |code| KeyName { code, control: false };
    assert_eq!(config.keys["new event"], [plain(KeyCode::Char('N'))]);
    let control = KeyName { code: KeyCode::Char('q'), control: true };
    assert_eq!(config.keys["quit"], [control, plain(KeyCode::F(10)), plain(KeyCode::Char('?'))]);
}

#[test]
fn what_is_wrong_is_named_with_its_line_and_value_and_what_would_be_right() {
    for (text, message) in [
        ("theme = \"pink\"", "line 1: theme = \"pink\": write one of \"auto\", \"colour\", \"plain\""),
        ("\n\ntheme = 3", "line 3: theme = 3: write one of \"auto\", \"colour\", \"plain\""),
        (
            "first_day_of_week = \"someday\"",
            "line 1: first_day_of_week = \"someday\": write one of \"monday\", \"tuesday\", \"wednesday\", \"thursday\", \
             \"friday\", \"saturday\", \"sunday\"",
        ),
        ("hours = 13", "line 1: hours = 13: write 12 or 24"),
        ("# hours\nhours = \"24\"", "line 2: hours = \"24\": write 12 or 24"),
        (
            "zone = \"Mars/Phobos\"",
            "line 1: zone = \"Mars/Phobos\": write the IANA name of a zone, such as \"Europe/Berlin\" or \"UTC\"",
        ),
        ("mouse = \"yes\"", "line 1: mouse = \"yes\": write true or false"),
        (
            "hours = 12\ncolour = true",
            "line 2: colour: there is no such setting; there are theme, first_day_of_week, hours, zone, mouse and [keys]",
        ),
        ("keys = 1", "line 1: keys = 1: write a section [keys] with lines such as quit = \"q\""),
        ("[keys]\nquit = \"ctrl-\"", "line 2: keys.\"quit\" = \"ctrl-\": write a key, or a list of keys, such as"),
        ("[keys]\nquit = [\"q\", 7]", "line 2: keys.\"quit\" = [\"q\", 7]: write a key"),
        ("[keys]\n\nquit = \"f13\"", "line 3: keys.\"quit\" = \"f13\": write a key"),
        ("[keys]\nfly = \"f\"", "line 2: keys.\"fly\": there is no such action; there are new event, quit"),
        ("theme = \"auto\"\nhours", "line 2: "),
        ("theme = ", "write lines such as hours = 24"),
    ] {
        let said = parse(text).unwrap_err().to_string();
        assert!(
            said.starts_with("config.toml, line ") && said.contains(message) && !said.contains('\n'),
            "{text}: {said}"
        );
    }
}

#[test]
fn of_several_wrong_lines_the_first_is_told() {
    let said = parse("mouse = 1\nhours = 5\ntheme = 3\n").unwrap_err().to_string();
    assert!(said.starts_with("config.toml, line 1: mouse"), "{said}");
}

#[test]
fn a_wrong_line_of_a_file_is_told_with_the_files_whole_name() {
    let folder = std::env::temp_dir().join(format!("convene-config-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("config.toml");
    std::fs::write(&file, "hours = 7\n").unwrap();
    let said = Config::load(&file, &ACTIONS).unwrap_err().to_string();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(said, format!("{}, line 1: hours = 7: write 12 or 24", file.display()));
}

#[test]
fn the_example_in_the_documents_is_right_and_says_what_holds_without_it() {
    let example = include_str!("../../../../docs/config.toml");
    let config = Config::parse(example, &keymap::configurable()).unwrap();
    assert_eq!(config, Config::default());
    // What is written there as a choice must be one.
    let chosen: String =
        example.lines().filter_map(|line| line.strip_prefix("#= ")).map(|line| format!("{line}\n")).collect();
    let chosen = Config::parse(&chosen, &keymap::configurable()).unwrap();
    assert!(chosen != Config::default() && chosen.mouse && chosen.zone.is_some() && !chosen.keys.is_empty());
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
