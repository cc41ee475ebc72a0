//! The screens that the README shows: the demonstration set on a fixed day, as the client draws it in a terminal.
//!
//! They lie in `docs/screens` as images, and one of them in the README as text. This test fails when the client looks otherwise; to
//! take the screens anew, run `docs/screens.sh`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::SIZES;
use crate::installation::{Installation, Restart};
use crate::person::Person;
use crate::svg;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// What the demonstration set's people have for a password.
const DEMO_PASSWORD: &str = "convene-demo";
/// What the client says of where the services are.
const KNOWN_HOST: &str = "127.0.0.1:";
const KNOWN_PORT: &str = "17400";

#[test]
fn the_screens_in_the_readme_are_what_the_client_shows() {
    let installation = Installation::new(Restart::ByItself);
    let shell = installation.terminal("demo", (80, 24));
    shell.types("convene demo");
    shell.key("Enter");
    shell.shows("Loaded the demonstration set");
    let mut gallery = Gallery::default();
    let ada = signs_in(&installation, "ada", SIZES[0]);
    ada.terminal.key("l");
    ada.terminal.shows("Architecture review @ Room 1");
    gallery.text = ada.terminal.screen();
    ada.terminal.resize(SIZES[1]);
    ada.terminal.until("the larger screen is drawn", |screen| {
        screen.lines().count() == usize::from(SIZES[1].1) && screen.contains(KNOWN_HOST)
    });
    gallery.hang("month", &ada);
    ada.says("week");
    ada.terminal.shows("Week · my calendar");
    ada.terminal.shows("Coffee with Ada");
    gallery.hang("week", &ada);
    ada.says("participants");
    ada.terminal.shows("Bring one question each.");
    ada.terminal.shows("margaret");
    gallery.hang("event", &ada);
    ada.says("new event");
    ada.terminal.shows("┌ New event");
    ada.fills(&["Demo of the demo 🎉", "next friday noon 45m", "", "", "", "", "gr"]);
    ada.terminal.shows("= Fri 19 Mar 2027 12:00–12:45 Europe/Berlin");
    ada.terminal.shows("grace");
    ada.terminal.shows("ctrl-e");
    gallery.hang("form", &ada);
    gallery.is_shown();
}

fn signs_in<'a>(installation: &'a Installation, name: &str, size: (u16, u16)) -> Person<'a> {
    let person = Person::sits_down(installation, name, size);
    person.fills(&[name, DEMO_PASSWORD]);
    person.saves();
    person.terminal.shows("my calendar");
    person.terminal.shows("to answer");
    person
}

/// The screens taken.
#[derive(Default)]
struct Gallery {
    images: Vec<(PathBuf, String)>,
    text: String,
}

impl Gallery {
    fn hang(&mut self, name: &str, person: &Person<'_>) {
        let width = person.terminal.knows("pane_width").parse().unwrap();
        let image = svg::of(&on_a_known_port(&person.terminal.styled()), width);
        self.images.push((Path::new(ROOT).join(format!("docs/screens/{name}.svg")), image));
    }

    /// Compares with what is committed; or, if asked to, puts it in its place.
    fn is_shown(&self) {
        let readme = Path::new(ROOT).join("README.md");
        let found = fs::read_to_string(&readme).unwrap();
        let wanted = with_screen(&found, &self.text);
        let files = self.images.iter().map(|(path, image)| (path.clone(), image.clone())).chain([(readme, wanted)]);
        for (path, wanted) in files {
            if std::env::var_os("CONVENE_ACCEPT").is_some() {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, wanted).unwrap();
                continue;
            }
            let found = fs::read_to_string(&path).unwrap_or_default();
            assert!(found == wanted, "{} is outdated; docs/screens.sh takes it anew:\n{wanted}", path.display());
        }
    }
}

/// The README with the text of a screen between its markers.
fn with_screen(readme: &str, screen: &str) -> String {
    let (begin, end) = ("<!-- screen -->\n", "<!-- /screen -->");
    let (before, rest) = readme.split_once(begin).expect("the README has a marker where a screen begins");
    let (_, after) = rest.split_once(end).expect("the README has a marker where a screen ends");
    format!("{before}{begin}```text\n{}\n```\n{end}{after}", screen.trim_end())
}

/// The services of a test listen where there is room; the images say a port of the same length.
fn on_a_known_port(captured: &str) -> String {
    let mut parts = captured.split(KNOWN_HOST);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let digits = part.chars().take_while(char::is_ascii_digit).count();
        assert_eq!(digits, KNOWN_PORT.len(), "a port of another length moves what stands before it");
        text + KNOWN_HOST + KNOWN_PORT + &part[digits..]
    })
}
