//! What is said in passing, on the one line kept for it: what I did at once, what others did one after the other.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::ask::Command;

/// How good the news is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Careful,
    Bad,
    /// Something comes.
    Bell,
}

/// Something said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Toast {
    pub(crate) text: String,
    pub(crate) tone: Tone,
    /// What `undo` would send.
    pub(crate) undo: Option<Command>,
    /// Whether it is about what I did.
    mine: bool,
}

/// Everything to be said: the first is shown, and leaves when its time is over.
#[derive(Debug, Default)]
pub(crate) struct Toasts {
    queue: VecDeque<Toast>,
    until: Option<Instant>,
    /// What others did beyond what is told one by one.
    more: usize,
}

/// Things that others did which are told one by one; beyond, they are counted.
const ONE_BY_ONE: usize = 5;
/// Most reminders that wait to be seen.
const REMINDERS: usize = 20;

impl Toasts {
    /// Says what became of something that I did: at once.
    pub(crate) fn say(&mut self, text: String, tone: Tone, now: Instant) {
        // What went wrong, and what can be taken back, is still said afterwards.
        self.queue.retain(|toast| !toast.mine || toast.tone == Tone::Bad || toast.undo.is_some());
        self.queue.push_front(Toast { text, tone, undo: None, mine: true });
        self.show(now);
    }

    /// What was said last of what I did is true with this reservation.
    pub(crate) fn qualify(&mut self, but: &str, now: Instant) {
        if let Some(toast) = self.queue.front_mut().filter(|toast| toast.mine) {
            toast.text = format!("{}, {but}", toast.text);
            toast.tone = Tone::Careful;
            self.show(now);
        }
    }

    /// More is known of what was said: it follows that, or is said with it again.
    pub(crate) fn add(&mut self, said: &str, more: &str, now: Instant) {
        match self.queue.iter().position(|toast| toast.mine && toast.text.starts_with(said)) {
            Some(at) => {
                if let Some(toast) = self.queue.get_mut(at) {
                    toast.text.push_str(more);
                }
                self.show(now);
            }
            None => self.say(format!("{said}{more}"), Tone::Good, now),
        }
    }

    /// Reminds of something: at once, after what else is reminded of.
    pub(crate) fn remind(&mut self, text: String, now: Instant) {
        let at = self.queue.iter().take_while(|toast| toast.tone == Tone::Bell).count();
        if at < REMINDERS {
            self.queue.insert(at, Toast { text, tone: Tone::Bell, undo: None, mine: false });
            self.show(now);
        }
    }

    /// What was said last can be taken back, by this.
    pub(crate) fn offer(&mut self, undo: Command, now: Instant) {
        if let Some(toast) = self.queue.front_mut().filter(|toast| toast.mine) {
            toast.undo = Some(undo);
            self.show(now);
        }
    }

    /// Tells what someone else did, when its turn comes.
    pub(crate) fn tell(&mut self, text: String, now: Instant) {
        if self.queue.iter().filter(|toast| !toast.mine && toast.tone != Tone::Bell).count() >= ONE_BY_ONE {
            self.more += 1;
            return;
        }
        self.queue.push_back(Toast { text, tone: Tone::Good, undo: None, mine: false });
        if self.queue.len() == 1 {
            self.show(now);
        }
    }

    /// What is shown, and how many wait behind it.
    pub(crate) fn shown(&self) -> Option<(&Toast, usize)> {
        self.queue.front().map(|toast| (toast, self.queue.len() - 1 + self.more))
    }

    /// Time has come to `now`.
    pub(crate) fn pass(&mut self, now: Instant) {
        if self.until.is_none_or(|until| now < until) {
            return;
        }
        self.queue.pop_front();
        if self.queue.is_empty() && self.more > 0 {
            let more = std::mem::take(&mut self.more);
            self.queue.push_back(Toast {
                text: format!("and {more} more {} by others", if more == 1 { "change" } else { "changes" }),
                tone: Tone::Good,
                undo: None,
                mine: false,
            });
        }
        self.show(now);
    }

    /// When what is shown changes by itself.
    pub(crate) const fn until(&self) -> Option<Instant> {
        self.until
    }

    /// Whether something can be taken back.
    pub(crate) fn can_undo(&self) -> bool {
        self.queue.iter().any(|toast| toast.undo.is_some())
    }

    /// What takes the last thing back; it is not offered any more.
    pub(crate) fn undo(&mut self, now: Instant) -> Option<Command> {
        let at = self.queue.iter().position(|toast| toast.undo.is_some())?;
        let toast = self.queue.remove(at)?;
        self.show(now);
        toast.undo
    }

    /// Nothing is to be said any more: someone else is here.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Gives the first its time.
    fn show(&mut self, now: Instant) {
        self.until = self.queue.front().map(|toast| {
            let millis = match (toast.tone, &toast.undo) {
                (_, Some(_)) => 8_000,
                (Tone::Bell, None) => 10_000,
                (Tone::Careful | Tone::Bad, None) => 7_000,
                (Tone::Good, None) if self.queue.len() > 1 => 2_500,
                (Tone::Good, None) => 4_000,
            };
            now + Duration::from_millis(millis)
        });
    }
}

#[cfg(test)]
mod tests {
    use domain::EventId;
    use domain::events::CancelEvent;

    use super::*;

    fn shown(toasts: &Toasts) -> Option<(&str, usize)> {
        toasts.shown().map(|(toast, behind)| (toast.text.as_str(), behind))
    }

    /// Lets the one that is shown have its time.
    fn pass(toasts: &mut Toasts) {
        let until = toasts.until().unwrap();
        toasts.pass(until.checked_sub(Duration::from_millis(1)).unwrap());
        toasts.pass(until);
    }

    #[test]
    fn what_others_did_is_told_one_after_the_other_and_leaves_by_itself() {
        let (mut toasts, now) = (Toasts::default(), Instant::now());
        toasts.tell("bob accepted Standup".to_owned(), now);
        toasts.tell("carol declined Standup".to_owned(), now);
        assert_eq!(shown(&toasts), Some(("bob accepted Standup", 1)));
        pass(&mut toasts);
        assert_eq!(shown(&toasts), Some(("carol declined Standup", 0)));
        pass(&mut toasts);
        assert_eq!((shown(&toasts), toasts.until()), (None, None));
    }

    #[test]
    fn what_i_did_is_said_at_once_and_only_the_last_of_it() {
        let (mut toasts, now) = (Toasts::default(), Instant::now());
        toasts.tell("bob accepted Standup".to_owned(), now);
        toasts.say("made “Lunch”".to_owned(), Tone::Good, now);
        toasts.say("you come to Party".to_owned(), Tone::Good, now);
        assert_eq!(shown(&toasts), Some(("you come to Party", 1)));
        pass(&mut toasts);
        assert_eq!(shown(&toasts), Some(("bob accepted Standup", 0)));
    }

    #[test]
    fn a_reservation_is_said_with_what_it_is_about() {
        let (mut toasts, now) = (Toasts::default(), Instant::now());
        toasts.say("bob sees your calendar".to_owned(), Tone::Good, now);
        toasts.qualify("but not every service has heard of it yet", now);
        let (toast, _) = toasts.shown().unwrap();
        assert_eq!(toast.text, "bob sees your calendar, but not every service has heard of it yet");
        assert_eq!(toast.tone, Tone::Careful);
    }

    #[test]
    fn very_much_by_others_is_counted() {
        let (mut toasts, now) = (Toasts::default(), Instant::now());
        for number in 0..9 {
            toasts.tell(format!("user{number} accepted Standup"), now);
        }
        assert_eq!(shown(&toasts), Some(("user0 accepted Standup", 8)));
        for _ in 0..ONE_BY_ONE {
            pass(&mut toasts);
        }
        assert_eq!(shown(&toasts), Some(("and 4 more changes by others", 0)));
        pass(&mut toasts);
        assert_eq!(shown(&toasts), None);
    }

    #[test]
    fn what_went_wrong_and_what_can_be_undone_outlives_what_is_said_next() {
        let (mut toasts, now) = (Toasts::default(), Instant::now());
        let undo =
            Command::Cancel(CancelEvent { instance: domain::Instance::Series, event: EventId::from_bytes([1; 16]) });
        toasts.say("you do not come to Party".to_owned(), Tone::Good, now);
        toasts.offer(undo.clone(), now);
        toasts.say("not done: invite".to_owned(), Tone::Bad, now);
        toasts.say("made “Lunch”".to_owned(), Tone::Good, now);
        assert_eq!(shown(&toasts), Some(("made “Lunch”", 2)));
        assert!(toasts.can_undo());
        assert_eq!(toasts.undo(now), Some(undo));
        assert!(!toasts.can_undo());
        pass(&mut toasts);
        assert_eq!(shown(&toasts), Some(("not done: invite", 0)));
    }
}
