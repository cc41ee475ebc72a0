//! What stands among the hours of a day: what overlaps side by side, the rest counted.

use jiff::civil::Date;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::super::entry::{Entry, lanes};
use super::super::month_grid::{shares, write};
use super::super::text;
use super::super::theme::Role;
use super::TimeGrid;
use super::plan::Plan;

/// Cells below which a column of overlapping entries tells nothing.
const LANE: usize = 3;

/// What a day's column shows.
#[derive(Default)]
struct Shown {
    /// Entries, each with where it is drawn.
    blocks: Vec<(usize, Rect)>,
    /// Where entries find no room, and how many.
    crowded: Vec<(usize, Rect)>,
    /// Entries before and after the hours shown.
    before: usize,
    after: usize,
}

impl TimeGrid<'_> {
    /// The entry drawn at a position of a day's column, if one of those among the hours is.
    pub(super) fn block_at(&self, column: (Date, u16, u16), plan: &Plan, position: Position) -> Option<usize> {
        let blocks = self.shown(column, plan).blocks;
        blocks.into_iter().find(|(_, block)| block.contains(position)).map(|(nth, _)| nth)
    }

    pub(super) fn draw_day(&self, column: (Date, u16, u16), plan: &Plan, buffer: &mut Buffer) {
        let shown = self.shown(column, plan);
        for (nth, block) in shown.blocks {
            if let Some(entry) = self.entries.get(nth) {
                self.draw_block(nth, entry, column.0, block, buffer);
            }
        }
        let style = self.theme.style(Role::Warning);
        for (count, place) in shown.crowded {
            let room = usize::from(place.width);
            write(buffer, (place.x, place.y), &text::fit(&format!("+{count}"), room), room, style);
        }
        let (_, x, width) = column;
        for (count, arrow, line) in [(shown.before, "↑", plan.rule), (shown.after, "↓", plan.foot)] {
            if let (Some(y), 1..) = (line, count) {
                let told = text::cut(&format!("{arrow}{count}"), usize::from(width));
                write(buffer, (x, y), &told, usize::from(width), style);
            }
        }
    }

    fn shown(&self, (day, x, width): (Date, u16, u16), plan: &Plan) -> Shown {
        let (top, height) = plan.body;
        let minutes = i64::from(height) * plan.step;
        let mut shown = Shown::default();
        let mut rows: Vec<(usize, usize, usize)> = Vec::new();
        for (nth, from, to) in self.timed(day) {
            if to <= plan.from {
                shown.before += 1;
            } else if from >= plan.from + minutes {
                shown.after += 1;
            } else {
                let row = |at: i64| usize::try_from(at.clamp(0, minutes) / plan.step).unwrap_or(0);
                let first = row(from - plan.from);
                rows.push((nth, first, row(to - plan.from + plan.step - 1).max(first + 1)));
            }
        }
        rows.sort_by_key(|(nth, first, last)| {
            (*first, std::cmp::Reverse(*last), self.entries.get(*nth).map(|e| e.start))
        });
        for cluster in clusters(&rows) {
            shown.place(cluster, Rect::new(x, top, width, height));
        }
        shown
    }

    fn draw_block(&self, nth: usize, entry: &Entry<'_>, day: Date, block: Rect, buffer: &mut Buffer) {
        let room = usize::from(block.width);
        let style = self.style(nth, day, entry);
        let times = format!("{}–{}", self.hours.short(entry.start.time()), self.hours.short(entry.end.time()));
        for row in 0..block.height {
            let line = match row {
                0 => entry.line(self.glyph(nth, day, entry), room),
                1 if room > text::width(&times) => format!("▏{times}"),
                _ => "▏".to_owned(),
            };
            write(buffer, (block.x, block.y + row), &text::fit(&line, room), room, style);
        }
    }
}

impl Shown {
    /// Entries that overlap, side by side; where there is no room for all, the last column says how many more there are.
    fn place(&mut self, cluster: &[(usize, usize, usize)], column: Rect) {
        let lanes = lanes(&cluster.iter().map(|(_, first, last)| (*first, *last)).collect::<Vec<_>>(), usize::MAX);
        let wanted = lanes.iter().max().map_or(1, |last| last + 1);
        let fitting = wanted.min((usize::from(column.width) / LANE).max(1));
        let edges: Vec<(u16, u16)> = shares(column.width, u16::try_from(fitting).unwrap_or(1))
            .scan(column.x, |x, width| {
                let left = *x;
                *x += width;
                Some((left, width))
            })
            .collect();
        let mut hidden = 0;
        let mut hidden_at = None;
        for ((nth, first, last), lane) in cluster.iter().zip(&lanes) {
            let crowded = wanted > fitting && *lane + 1 >= fitting;
            let (Some((x, width)), false) = (edges.get(*lane), crowded) else {
                hidden += 1;
                hidden_at = hidden_at.or(Some(*first));
                continue;
            };
            let y = column.y + u16::try_from(*first).unwrap_or(0);
            let height = u16::try_from(last - first).unwrap_or(1);
            self.blocks.push((*nth, Rect::new(*x, y, *width, height)));
        }
        if let (Some(first), Some((x, width))) = (hidden_at, edges.last()) {
            let y = column.y + u16::try_from(first).unwrap_or(0);
            self.crowded.push((hidden, Rect::new(*x, y, *width, 1)));
        }
    }
}

/// Blocks, ordered by their first row, in groups of which none overlaps another.
fn clusters(blocks: &[(usize, usize, usize)]) -> Vec<&[(usize, usize, usize)]> {
    let mut found = Vec::new();
    let mut rest = blocks;
    while !rest.is_empty() {
        let mut reach = 0;
        let size = rest
            .iter()
            .take_while(|(_, first, last)| {
                let joined = reach == 0 || *first < reach;
                reach = reach.max(*last);
                joined
            })
            .count();
        let (cluster, further) = rest.split_at(size);
        found.push(cluster);
        rest = further;
    }
    found
}
