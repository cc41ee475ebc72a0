//! The terminal, taken and given back: after leaving, a panic or a signal, the shell finds it as it was.

use std::future::Future;
use std::io::{self, Stdout, Write as _, stdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::style::Print;
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute};
use ratatui::backend::CrosstermBackend;
use ratatui::{Frame, Terminal};

/// The terminal, ours until dropped.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl Screen {
    /// Takes the terminal, and the mouse if that is wanted.
    ///
    /// # Errors
    /// If it cannot be used.
    pub(super) fn enter(mouse: bool) -> io::Result<Self> {
        give_back_on_panic();
        TAKEN.store(true, Ordering::SeqCst);
        let entered = enable_raw_mode()
            // Cleared here and not by ratatui, which would first ask the terminal where the cursor is and wait for its answer.
            .and_then(|()| {
                execute!(stdout(), EnterAlternateScreen, Clear(ClearType::All), EnableBracketedPaste, cursor::Hide)
            })
            .and_then(|()| if mouse { execute!(stdout(), EnableMouseCapture) } else { Ok(()) })
            .and_then(|()| Terminal::new(CrosstermBackend::new(stdout())));
        match entered {
            Ok(terminal) => Ok(Self { terminal }),
            Err(error) => {
                give_back();
                Err(error)
            }
        }
    }

    /// Draws a frame.
    ///
    /// # Errors
    /// If the terminal is gone, or was given back since something panicked.
    pub(super) fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        if !TAKEN.load(Ordering::SeqCst) {
            return Err(io::Error::other("it met an error of its own"));
        }
        self.terminal.draw(view).map(|_| ())
    }
}

impl Screen {
    /// Rings the terminal's bell.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) fn rings(&mut self) -> io::Result<()> {
        execute!(stdout(), Print('\x07'))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
        for text in std::mem::take(&mut *unsaid()) {
            // The terminal may be gone, and then nobody reads it.
            let _ = writeln!(io::stderr(), "{text}");
        }
    }
}

tokio::task_local! {
    /// Set within what the client itself does.
    static OURS: ();
}

/// Whether the terminal is taken.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// What others in this process had to say meanwhile: on our screen nobody could read it.
static UNSAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn unsaid() -> MutexGuard<'static, Vec<String>> {
    UNSAID.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does something as the client: should it panic, the terminal is given back first.
pub(super) fn ours<F: Future>(doing: F) -> impl Future<Output = F::Output> {
    OURS.scope((), doing)
}

/// Gives the terminal back, once. All modes are left, also those that are not ours: doing it once too often harms nobody. What
/// fails cannot be said anywhere.
fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let _ = execute!(
        stdout(),
        DisableMouseCapture,
        DisableBracketedPaste,
        DisableFocusChange,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = disable_raw_mode();
    let _ = stdout().flush();
}

/// A panic's message is readable only on the shell's own screen. One of the client's own ends it. Others are none of its
/// business: services in this process catch theirs, and the client goes on; they are told when it is left.
fn give_back_on_panic() {
    static HOOKED: Once = Once::new();
    HOOKED.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !TAKEN.load(Ordering::SeqCst) {
                before(panic);
            } else if OURS.try_with(|()| ()).is_ok() {
                give_back();
                before(panic);
            } else {
                unsaid().push(panic.to_string());
            }
        }));
    });
}
