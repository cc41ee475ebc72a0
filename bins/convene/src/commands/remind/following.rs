//! `remind --follow`: tells each alarm as it becomes due, until it is stopped.
//!
//! Two things go on at once. One keeps what is known of the calendar up to date: it hears of changes by the service's long poll, reads
//! again what changed, and tries on quietly while services are away. The other tells what is due of what is known, so that no
//! outage keeps an alarm back. The time of day comes from the clock that is handed in, and is looked at often enough that one
//! that jumps, or a machine that slept, is noticed.

use std::io;
use std::time::Duration;

use domain::{Clock, Error, Positions, Service, Timestamp, Watch, Zone};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::sleep;

use super::super::invocation::Invocation;
use super::alarms::{Alarm, Pending};
use super::coming;
use crate::failure::Failure;
use crate::output::AlarmDocument;
use crate::reach::Clients;
use crate::session::Profile;
use crate::when::Here;

/// How far ahead alarms are known, in seconds: the longest outage that none is missed in.
const KNOWN_AHEAD: i64 = 7 * 86_400;
/// After this, what is known is read again though nothing has changed: later days have come into view. In seconds.
const GROWS_OLD: i64 = 3_600;
/// How long one waits for news at a time.
const WAIT: Duration = Duration::from_secs(20);
/// How much longer for the answer.
const GRACE: Duration = Duration::from_secs(4);
/// Between two readings of the calendar, however much changes.
const BETWEEN_READINGS: Duration = Duration::from_secs(1);
/// Between two attempts, at first and at most.
const BETWEEN_TRIES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(15));
/// After this the clock is looked at again, whatever is due.
const LOOKS_AT_THE_CLOCK: Duration = Duration::from_secs(10);

/// What is said while following.
#[derive(Debug)]
pub(crate) enum Said {
    /// An alarm that is due.
    Alarm(Box<AlarmDocument>),
    /// Something besides, for people.
    Note(String),
}

/// What is heard of the calendar.
enum News {
    /// These are the alarms.
    Read(Vec<Alarm>),
    /// It cannot be read any more.
    Away(String),
    /// It can be read again.
    Back,
}

/// Tells each alarm as it becomes due. Ends well only when `say` finds that nobody listens any more.
///
/// # Errors
/// When nobody is signed in any more, the profile cannot be read, or `say` fails otherwise.
pub(crate) async fn follow(
    clients: &Clients,
    profile: impl Fn() -> Result<Profile, Failure>,
    clock: &dyn Clock,
    zone: &Zone,
    say: impl FnMut(Said) -> io::Result<()>,
) -> Result<(), Failure> {
    let (tells, news) = unbounded_channel();
    tokio::select! {
        failure = keep(clients, profile, clock, zone, &tells) => Err(failure),
        ended = tell(news, clock, zone, say) => match ended {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(Failure::Here(format!("standard output cannot be written: {error}"))),
            Ok(()) => Ok(()),
        }
    }
}

/// Says what is due of what is known.
async fn tell(
    mut news: UnboundedReceiver<News>,
    clock: &dyn Clock,
    zone: &Zone,
    mut say: impl FnMut(Said) -> io::Result<()>,
) -> io::Result<()> {
    let mut pending = Pending::since(clock.now().as_seconds());
    loop {
        let now = clock.now();
        for alarm in pending.due(now.as_seconds()) {
            say(Said::Alarm(Box::new(AlarmDocument::told(&alarm, now.as_seconds(), zone))))?;
        }
        let pause = pending.next().map_or(LOOKS_AT_THE_CLOCK, |due| until(now, due).min(LOOKS_AT_THE_CLOCK));
        tokio::select! {
            () = sleep(pause) => {}
            heard = news.recv() => match heard {
                Some(News::Read(alarms)) => pending.replace(alarms, clock.now().as_seconds()),
                Some(News::Away(why)) => {
                    say(Said::Note(format!("{why}; until it is back you are reminded of what is known")))?;
                }
                Some(News::Back) => say(Said::Note("the calendar is back".to_owned()))?,
                None => return Ok(()),
            }
        }
    }
}

/// How long from `now` until `due`, in seconds since 1970.
fn until(now: Timestamp, due: i64) -> Duration {
    let micros = due.saturating_mul(1_000_000).saturating_sub(now.as_micros());
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

/// Reads the calendar, and again whenever it has changed. Ends with a failure that no further attempt would mend.
async fn keep(
    clients: &Clients,
    profile: impl Fn() -> Result<Profile, Failure>,
    clock: &dyn Clock,
    zone: &Zone,
    tells: &UnboundedSender<News>,
) -> Failure {
    let mut known = Known::default();
    let mut failures = 0_u32;
    loop {
        let here = Here { now: clock.now(), zone: zone.clone() };
        let pause = match known.brought_up_to_date(clients, &profile, here).await {
            Ok(alarms) => {
                let back = (failures > 0).then_some(News::Back);
                for news in back.into_iter().chain(alarms.map(News::Read)) {
                    // Whoever listens ends both.
                    let _ = tells.send(news);
                }
                failures = 0;
                BETWEEN_READINGS
            }
            Err(failure) if passes(&failure) => {
                if failures == 0 {
                    let why = failure.message();
                    let _ = tells.send(News::Away(why.trim_end_matches("; try again").to_owned()));
                }
                known = Known::default();
                failures = failures.saturating_add(1);
                let (first, most) = BETWEEN_TRIES;
                first.saturating_mul(2_u32.saturating_pow(failures - 1)).min(most)
            }
            Err(failure) => return failure,
        };
        sleep(pause).await;
    }
}

/// Whether another attempt may succeed.
fn passes(failure: &Failure) -> bool {
    failure.is_absence() || matches!(failure, Failure::HeldUp(..) | Failure::Refused(Error::Internal { .. }))
}

/// What is known of the calendar.
#[derive(Default)]
struct Known {
    /// How far the service had come when it was read.
    far: Positions,
    /// When it was read.
    read: Option<Timestamp>,
}

impl Known {
    /// Waits until there is news, or for a while, and reads the calendar if there is, or if it was not read for long.
    async fn brought_up_to_date(
        &mut self,
        clients: &Clients,
        profile: &impl Fn() -> Result<Profile, Failure>,
        here: Here,
    ) -> Result<Option<Vec<Alarm>>, Failure> {
        // Each time anew: another command of this profile may have signed in again, and the token has to be kept fresh.
        let mut invocation = Invocation::begin(clients, profile()?, here)?;
        invocation.session()?;
        invocation.renew_if_due().await;
        invocation.allow(WAIT + GRACE);
        let wait_ms = u32::try_from(WAIT.as_millis()).unwrap_or(u32::MAX);
        let request = Watch { seen: self.far.clone(), wait_ms };
        let asked = async |context: &domain::Context| clients.calendar.watch(context, request).await;
        let far = named(&invocation.ask_within(WAIT + GRACE, Service::Calendar, asked).await?);
        let now = invocation.here().now.as_seconds();
        let is_old = self.read.is_none_or(|read| now.saturating_sub(read.as_seconds()).abs() >= GROWS_OLD);
        if far == self.far && !is_old {
            return Ok(None);
        }
        invocation.restart_clock();
        let alarms = coming(&mut invocation, KNOWN_AHEAD).await?;
        *self = Self { far, read: Some(invocation.here().now) };
        Ok(Some(alarms))
    }
}

/// The positions on which one's own calendar depends. Everyone who signs in moves auth's, and nobody's alarms with it.
fn named(far: &Positions) -> Positions {
    let mut named = Positions::default();
    let matters = |of: Service| matches!(of, Service::Events | Service::Invitations);
    for (of, position) in far.iter().filter(|(of, _)| matters(*of)) {
        named.set(of, position);
    }
    named
}
