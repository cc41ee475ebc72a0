//! A captured screen as an SVG image: each character in its cell, lines drawn as lines, colours as a terminal has them.
//!
//! Fonts differ from reader to reader, and wide characters come from other fonts than the rest; so every run of text is given its
//! place and its length, and the characters that draw frames are no text at all but paths, which meet in every font.

use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// A cell, in pixels.
const CELL: (f64, f64) = (8.4, 18.0);
/// Around the screen.
const MARGIN: f64 = 12.0;
/// How far below a row's top its letters stand.
const BASELINE: f64 = 13.5;

const BACKGROUND: &str = "#1c1e26";
const FOREGROUND: &str = "#d5d8da";
/// The terminal's sixteen, of which the client uses these.
const COLOURS: [&str; 8] = ["#16161c", "#e95678", "#29d398", "#fab795", "#26bbd9", "#ee64ac", "#59e3e3", "#d5d8da"];

/// How a cell looks: select graphic rendition (ECMA-48 §8.3.117).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Style {
    colour: Option<usize>,
    bold: bool,
    dim: bool,
    italic: bool,
    underlined: bool,
    reversed: bool,
    crossed: bool,
}

impl Style {
    fn take(&mut self, parameters: &str) {
        let mut numbers = parameters.split(';').map(|number| number.parse().unwrap_or(0));
        while let Some(number) = numbers.next() {
            match number {
                0 => *self = Self::default(),
                1 => self.bold = true,
                2 => self.dim = true,
                3 => self.italic = true,
                4 => self.underlined = true,
                7 => self.reversed = true,
                9 => self.crossed = true,
                22 => (self.bold, self.dim) = (false, false),
                23 => self.italic = false,
                24 => self.underlined = false,
                27 => self.reversed = false,
                29 => self.crossed = false,
                colour @ 30..=37 => self.colour = Some(colour - 30),
                38 => {
                    assert_eq!(numbers.next(), Some(5), "a colour of the palette");
                    self.colour = numbers.next();
                }
                39 => self.colour = None,
                49 => {}
                other => panic!("the client sends no {other}"),
            }
        }
    }

    fn ink(self) -> &'static str {
        if self.reversed { BACKGROUND } else { self.colour.map_or(FOREGROUND, |colour| COLOURS[colour]) }
    }

    fn paper(self) -> Option<&'static str> {
        self.reversed.then(|| self.colour.map_or(FOREGROUND, |colour| COLOURS[colour]))
    }

    fn attributes(self) -> String {
        let mut text = format!(" fill=\"{}\"", self.ink());
        for (on, attribute) in [
            (self.bold, " font-weight=\"bold\""),
            (self.dim, " opacity=\"0.6\""),
            (self.italic, " font-style=\"italic\""),
            (self.underlined, " text-decoration=\"underline\""),
            (self.crossed, " text-decoration=\"line-through\""),
        ] {
            if on {
                text += attribute;
            }
        }
        text
    }
}

/// Text of one look, in one row.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Run {
    column: usize,
    width: usize,
    text: String,
    style: Style,
}

/// The image of a screen of `width` columns, captured with its styles.
pub(crate) fn of(captured: &str, width: usize) -> String {
    let rows: Vec<&str> = captured.trim_end_matches('\n').split('\n').collect();
    let size = (CELL.0 * width as f64 + 2.0 * MARGIN, CELL.1 * rows.len() as f64 + 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" \
         font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n",
        number(size.0),
        number(size.1)
    );
    let mut style = Style::default();
    for (row, line) in rows.iter().enumerate() {
        let top = MARGIN + CELL.1 * row as f64;
        for run in runs(line, &mut style) {
            draw(&run, top, &mut svg);
        }
    }
    svg + "</svg>\n"
}

/// The runs of one row; `style` is how the row before it ended.
fn runs(line: &str, style: &mut Style) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut column = 0;
    let mut rest = line;
    while let Some(character) = rest.chars().next() {
        if let Some(sequence) = rest.strip_prefix("\u{1b}[") {
            let end = sequence.find('m').unwrap_or_else(|| panic!("{sequence:?} is no style"));
            style.take(&sequence[..end]);
            rest = &sequence[end + 1..];
            continue;
        }
        let (text, after) = rest.split_at(character.len_utf8());
        rest = after;
        let width = text.width();
        let drawn = frame(character).is_some();
        match runs.last_mut() {
            // A mark that takes no cell belongs to the character before it.
            Some(last) if width == 0 => last.text += text,
            Some(last)
                if last.style == *style && width == 1 && is_narrow(&last.text) && is_frame(&last.text) == drawn =>
            {
                last.text += text;
                last.width += 1;
            }
            _ => runs.push(Run { column, width, text: text.to_owned(), style: *style }),
        }
        column += width;
    }
    runs
}

/// Whether every character that takes room takes one cell.
fn is_narrow(text: &str) -> bool {
    text.chars().all(|character| character.width().is_none_or(|width| width < 2))
}

fn is_frame(text: &str) -> bool {
    text.chars().all(|character| frame(character).is_some())
}

fn draw(run: &Run, top: f64, svg: &mut String) {
    let left = MARGIN + CELL.0 * run.column as f64;
    let width = CELL.0 * run.width as f64;
    if let Some(paper) = run.style.paper() {
        let (x, y, width, height) = (number(left), number(top), number(width), number(CELL.1));
        let _ = writeln!(svg, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{paper}\"/>");
    }
    if is_frame(&run.text) {
        let mut path = String::new();
        for (nth, character) in run.text.chars().enumerate() {
            path += &strokes(character, left + CELL.0 * nth as f64, top);
        }
        let opacity = if run.style.dim { " opacity=\"0.6\"" } else { "" };
        let _ = writeln!(svg, "<path d=\"{path}\" fill=\"none\" stroke=\"{}\"{opacity}/>", run.style.ink());
        return;
    }
    if run.text.trim().is_empty() && !run.style.underlined && !run.style.crossed {
        return;
    }
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\"{}>{}</text>",
        number(left),
        number(top + BASELINE),
        number(width),
        run.style.attributes(),
        escaped(&run.text)
    );
}

/// To which sides of its cell a character that draws frames reaches: left, right, up, down.
const fn frame(character: char) -> Option<[bool; 4]> {
    Some(match character {
        '─' | '╌' => [true, true, false, false],
        '│' => [false, false, true, true],
        '┌' => [false, true, false, true],
        '┐' => [true, false, false, true],
        '└' => [false, true, true, false],
        '┘' => [true, false, true, false],
        '├' => [false, true, true, true],
        '┤' => [true, false, true, true],
        '┬' => [true, true, false, true],
        '┴' => [true, true, true, false],
        '┼' => [true, true, true, true],
        _ => return None,
    })
}

fn strokes(character: char, left: f64, top: f64) -> String {
    let Some(reaches) = frame(character) else { return String::new() };
    let (x, y) = (left + CELL.0 / 2.0, top + CELL.1 / 2.0);
    let ends = [(left, y), (left + CELL.0, y), (x, top), (x, top + CELL.1)];
    let gap = if character == '╌' { 0.5 } else { 1.0 };
    let mut path = String::new();
    for (to, _) in ends.iter().zip(reaches).filter(|(_, reaches)| *reaches) {
        let to = (x + (to.0 - x) * gap, y + (to.1 - y) * gap);
        let _ = write!(path, "M{} {}L{} {}", number(x), number(y), number(to.0), number(to.1));
    }
    path
}

/// To a tenth, and no digit more than needed.
fn number(figure: f64) -> String {
    let text = format!("{figure:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[test]
fn a_row_is_cut_into_runs_of_one_look_and_each_wide_character_stands_by_itself() {
    let mut style = Style::default();
    let found = runs("│a\u{1b}[1mb会c\u{1b}[0md", &mut style);
    let told: Vec<(usize, usize, &str, bool)> =
        found.iter().map(|run| (run.column, run.width, run.text.as_str(), run.style.bold)).collect();
    assert_eq!(
        told,
        [
            (0, 1, "│", false),
            (1, 1, "a", false),
            (2, 1, "b", true),
            (3, 2, "会", true),
            (5, 1, "c", true),
            (6, 1, "d", false)
        ]
    );
}

#[test]
fn an_image_holds_what_the_screen_says_in_its_colours() {
    let svg = of("\u{1b}[36m<ada>\u{1b}[39m\n\u{1b}[7m▸x\u{1b}[27m", 10);
    assert!(svg.contains(&format!("fill=\"{}\">&lt;ada&gt;</text>", COLOURS[6])), "{svg}");
    assert!(svg.contains(&format!("fill=\"{FOREGROUND}\"/>")) && svg.contains(">▸x</text>"), "{svg}");
}
