//! The plot of REPORT.md: every ratio on a logarithmic axis, with the line at 1× and, shaded, where a promise is kept.
//!
//! The picture brings no font and has a paper of its own, so that it can be read on any page; whoever reads on a dark one has dark paper,
//! since all colours are named once more for that. The same figures always make the same bytes, so that they can be compared.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::ratios::{self, Better, Mark, Panel, Point, Row};
use crate::results::Results;

/// What there is of colours: on light paper, and on dark.
const PAPER: Ink = Ink([255, 255, 255], [13, 17, 23]);
const TEXT: Ink = Ink([31, 35, 40], [240, 246, 252]);
const GRID: Ink = Ink([209, 217, 224], [61, 68, 77]);
const KEPT: Ink = Ink([26, 127, 55], [63, 185, 80]);
const MISSED: Ink = Ink([188, 76, 0], [240, 136, 62]);
const UNPROMISED: Ink = Ink([110, 119, 129], [139, 148, 158]);
const PALETTE: [Ink; 6] = [PAPER, TEXT, GRID, KEPT, MISSED, UNPROMISED];

/// The picture's width, in pixels as everything here.
const WIDTH: u32 = 900;
/// Where the axis begins and how far before the right edge it ends.
const LEFT: u32 = 320;
const RIGHT: u32 = 30;
/// The heights of a panel's title, of a row, and of the axis with its labels.
const TITLE: u32 = 34;
const ROW: u32 = 24;
const AXIS: u32 = 34;
/// The height of the legend.
const LEGEND: u32 = 60;
/// How far before the names of rows those of their groups end.
const GROUPS: i32 = 48;
/// The left edge of what stands furthest left.
const EDGE: i32 = 20;
/// What a mark measures from its middle.
const RADIUS: i32 = 4;
/// The size of letters; the library makes them smaller by a fifth.
const LETTERS: u32 = 16;
/// How much colour is on the shaded side of a promise.
const SHADE: f64 = 0.12;

/// The same colour on light paper and on dark.
#[derive(Clone, Copy, Debug)]
struct Ink([u8; 3], [u8; 3]);

impl Ink {
    const fn colour(self) -> RGBColor {
        let [red, green, blue] = self.0;
        RGBColor(red, green, blue)
    }
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// The picture, as SVG.
///
/// # Errors
/// None that depends on the figures.
pub(crate) fn svg(results: &Results) -> Result<String> {
    let panels = ratios::panels(results);
    let heights: Vec<u32> = panels.iter().map(height).collect();
    let mut picture = String::new();
    {
        let size = (WIDTH, heights.iter().sum::<u32>() + LEGEND);
        let mut rest = SVGBackend::with_string(&mut picture, size).into_drawing_area();
        rest.fill(&PAPER.colour())?;
        for (panel, height) in panels.iter().zip(heights) {
            let (area, below) = rest.split_vertically(height);
            let alike = panels.iter().filter(|other| other.better == panel.better);
            draw(&area, panel, range(alike.flat_map(|panel| &panel.rows)))?;
            rest = below;
        }
        if panels.is_empty() {
            say(&rest, "Not measured yet.", (EDGE, 30), HPos::Left, TEXT)?;
        } else {
            legend(&rest)?;
        }
        rest.present()?;
    }
    let (head, body) = picture.split_once('\n').context("an empty picture")?;
    Ok(format!("{head}\n{}{body}", colours_on_dark_paper()))
}

/// A rule for each colour, for those who read on dark paper.
fn colours_on_dark_paper() -> String {
    let hex = |[red, green, blue]: [u8; 3]| format!("#{red:02X}{green:02X}{blue:02X}");
    let mut style = "<style>@media (prefers-color-scheme: dark) {".to_owned();
    for Ink(light, dark) in PALETTE {
        let (light, dark) = (hex(light), hex(dark));
        let _ = write!(style, " [fill=\"{light}\"] {{fill: {dark}}} [stroke=\"{light}\"] {{stroke: {dark}}}");
    }
    style + " }</style>\n"
}

fn height(panel: &Panel) -> u32 {
    let rows = u32::try_from(panel.rows.len()).unwrap_or_default();
    TITLE + ROW * rows + AXIS
}

/// From the least ratio to the greatest, with 1× and whatever is promised, and a little beyond.
fn range<'r>(rows: impl Iterator<Item = &'r Row>) -> (f64, f64) {
    let (mut least, mut most) = (1.0_f64, 1.0_f64);
    for row in rows {
        let spread = row.points.iter().flat_map(|point| [point.times.min, point.times.max]);
        for times in spread.chain(row.promised).filter(|times| times.is_finite() && *times > 0.0) {
            (least, most) = (least.min(times), most.max(times));
        }
    }
    (least / 1.2, most * 1.2)
}

fn draw(area: &Area<'_>, panel: &Panel, (least, most): (f64, f64)) -> Result<()> {
    let better = match panel.better {
        Better::More => "more is better →",
        Better::Less => "← less is better",
    };
    say(area, &panel.title, (EDGE, 18), HPos::Left, TEXT)?;
    say(area, better, (px(WIDTH - RIGHT), 18), HPos::Right, UNPROMISED)?;
    let ticks = ticks(panel.better).iter().copied().filter(|tick| *tick > least && *tick < most).collect();
    let mut chart = ChartBuilder::on(area)
        .margin_top(TITLE)
        .margin_right(RIGHT)
        .x_label_area_size(AXIS)
        .y_label_area_size(LEFT)
        .build_cartesian_2d((least..most).log_scale().with_key_points(ticks), 0.0..1.0)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .axis_style(GRID.colour())
        .bold_line_style(GRID.colour())
        .light_line_style(TRANSPARENT)
        .x_label_formatter(&|tick| told(*tick))
        .x_label_style(("sans-serif", LETTERS, &UNPROMISED.colour()))
        .draw()?;
    // All the rest is laid out in pixels; only the axis knows where a ratio stands.
    let (axis, (left, _)) = (chart.plotting_area(), area.get_base_pixel());
    let at = |times: f64| axis.map_coordinate(&(times, 0.0)).0 - left;
    let top = px(TITLE);
    line(area, [(at(1.0), top), (at(1.0), top + px(ROW) * px(panel.rows.len()))], TEXT)?;
    let best = at(if panel.better == Better::More { most } else { least });
    let mut group = "";
    for (nth, row) in (0..).zip(&panel.rows) {
        let middle = top + px(ROW) * nth + px(ROW / 2);
        let group_again = std::mem::replace(&mut group, row.group) == row.group;
        let names = px(LEFT) - 12;
        say(area, if group_again { "" } else { row.group }, (names - GROUPS, middle), HPos::Right, TEXT)?;
        say(area, &row.name, (names, middle), HPos::Right, TEXT)?;
        draw_row(area, panel.better, row, middle, best, &at)?;
    }
    Ok(())
}

/// Shades where the promise is kept, up to `best`, and marks the ratios.
fn draw_row(
    area: &Area<'_>,
    better: Better,
    row: &Row,
    middle: i32,
    best: i32,
    at: &impl Fn(f64) -> i32,
) -> Result<()> {
    let (top, bottom) = (middle - px(ROW / 2) + 1, middle + px(ROW / 2) - 1);
    if let Some(promised) = row.promised.map(at) {
        let kept = [(promised.min(best), top), (promised.max(best), bottom)];
        area.draw(&Rectangle::new(kept, KEPT.colour().mix(SHADE).filled()))?;
        line(area, [(promised, top), (promised, bottom)], KEPT)?;
    }
    for Point { mark, times } in &row.points {
        let ink = match row.promised.filter(|_| *mark != Mark::Working) {
            None => UNPROMISED,
            Some(promised) if better.is_kept(times.median, promised) => KEPT,
            Some(_) => MISSED,
        };
        let y = middle + if row.points.len() > 1 { apart(*mark) } else { 0 };
        line(area, [(at(times.min), y), (at(times.max), y)], ink)?;
        draw_mark(area, *mark, (at(times.median), y), ink)?;
    }
    Ok(())
}

/// How far from the middle of its row a mark stands that is not alone there.
const fn apart(mark: Mark) -> i32 {
    match mark {
        Mark::Single => -7,
        Mark::Several => 0,
        Mark::Working => 7,
    }
}

const fn ticks(better: Better) -> &'static [f64] {
    match better {
        Better::More => &[0.015_625, 0.031_25, 0.062_5, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0],
        Better::Less => &[0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 16.0, 32.0, 64.0],
    }
}

/// `1/8×`, `1.5×`.
fn told(times: f64) -> String {
    if times < 1.0 { format!("1/{:.0}×", 1.0 / times) } else { format!("{times}×") }
}

/// What the marks and colours say.
fn legend(area: &Area<'_>) -> Result<()> {
    let marks = [
        (Mark::Single, 20, "one connection; linked"),
        (Mark::Several, 215, "four connections; five processes"),
        (Mark::Working, 475, "one connection, and the handler works 20 µs"),
    ];
    for (mark, x, meaning) in marks {
        draw_mark(area, mark, (x + RADIUS, 14), UNPROMISED)?;
        say(area, meaning, (x + 16, 14), HPos::Left, TEXT)?;
    }
    let colours = [
        (KEPT, 20, "as good as promised"),
        (MISSED, 215, "less good than promised"),
        (UNPROMISED, 475, "nothing promised"),
    ];
    for (ink, x, meaning) in colours {
        line(area, [(x - 2, 38), (x + 10, 38)], ink)?;
        say(area, meaning, (x + 16, 38), HPos::Left, TEXT)?;
    }
    area.draw(&Rectangle::new([(660, 30), (690, 46)], KEPT.colour().mix(SHADE).filled()))?;
    line(area, [(660, 30), (660, 46)], KEPT)?;
    say(area, "the promise, and better", (698, 38), HPos::Left, TEXT)
}

fn draw_mark(area: &Area<'_>, mark: Mark, at: (i32, i32), ink: Ink) -> Result<()> {
    let (x, y) = at;
    match mark {
        Mark::Single => area.draw(&Circle::new(at, RADIUS, ink.colour().filled()))?,
        Mark::Several => {
            let corners = [(x - RADIUS, y - RADIUS), (x + RADIUS, y + RADIUS)];
            area.draw(&Rectangle::new(corners, ink.colour().filled()))?;
        }
        Mark::Working => {
            area.draw(&Circle::new(at, RADIUS, PAPER.colour().filled()))?;
            area.draw(&Circle::new(at, RADIUS, ink.colour().stroke_width(2)))?;
        }
    }
    Ok(())
}

fn line(area: &Area<'_>, from_to: [(i32, i32); 2], ink: Ink) -> Result<()> {
    Ok(area.draw(&PathElement::new(from_to, ink.colour().stroke_width(2)))?)
}

/// Text whose left or right end, at half its height, is at a place.
fn say(area: &Area<'_>, text: &str, at: (i32, i32), end: HPos, ink: Ink) -> Result<()> {
    let colour = ink.colour();
    let style = TextStyle::from(("sans-serif", LETTERS)).color(&colour).pos(Pos::new(end, VPos::Center));
    if !text.is_empty() {
        area.draw_text(text, &style, at)?;
    }
    Ok(())
}

/// A number of pixels as a place.
fn px(pixels: impl TryInto<i32>) -> i32 {
    pixels.try_into().unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tests::sample;

    #[test]
    fn the_same_figures_make_the_same_bytes_and_other_figures_others() {
        let picture = svg(&sample()).unwrap();
        assert_eq!(svg(&sample()).unwrap(), picture);
        let mut other = sample();
        other.disk.as_mut().unwrap().ratios[0].times.median *= 1.1;
        assert_ne!(svg(&other).unwrap(), picture);
    }

    #[test]
    fn every_colour_of_the_picture_has_another_on_dark_paper() {
        let picture = svg(&sample()).unwrap();
        let (style, drawn) = picture.split_once("</style>").unwrap();
        for attribute in ["fill", "stroke"] {
            for rest in drawn.split(&format!(" {attribute}=\"#")).skip(1) {
                let rule = format!("[{attribute}=\"#{}\"]", &rest[..6]);
                assert!(style.contains(&rule), "{rule} is missing in {style}");
            }
        }
    }

    #[test]
    fn a_ratio_stands_where_the_axis_has_it_and_a_promise_that_is_missed_has_its_colour() {
        let mut results = Results { disk: sample().disk, ..Results::default() };
        let drawn = |results: &Results, ink: Ink| {
            let [red, green, blue] = ink.0;
            let fill = format!("fill=\"#{red:02X}{green:02X}{blue:02X}\"");
            let picture = svg(results).unwrap();
            // The last circle belongs to the legend.
            picture.lines().filter(|line| line.starts_with("<circle") && line.contains(&fill)).count()
        };
        assert_eq!((drawn(&results, KEPT), drawn(&results, MISSED)), (1, 0));
        results.disk.as_mut().unwrap().ratios[0].times = crate::spread::Spread { median: 2.0, min: 1.0, max: 3.5 };
        assert_eq!((drawn(&results, KEPT), drawn(&results, MISSED)), (0, 1));
    }

    #[test]
    fn without_figures_the_picture_says_so() {
        let picture = svg(&Results::default()).unwrap();
        assert!(picture.contains("Not measured yet.") && picture.ends_with("</svg>\n"), "{picture}");
    }

    #[test]
    fn the_axis_reaches_over_everything_that_is_on_it() {
        let times = crate::spread::Spread { median: 3.0, min: 0.5, max: 6.0 };
        let row = |promised| Row {
            group: "",
            name: String::new(),
            promised,
            points: vec![Point { mark: Mark::Single, times }],
        };
        assert_eq!(range([row(Some(8.0))].iter()), (0.5 / 1.2, 8.0 * 1.2));
        assert_eq!(range([row(None)].iter()), (0.5 / 1.2, 6.0 * 1.2));
        assert_eq!((told(0.062_5), told(1.5), told(8.0)), ("1/16×".to_owned(), "1.5×".to_owned(), "8×".to_owned()));
    }
}
