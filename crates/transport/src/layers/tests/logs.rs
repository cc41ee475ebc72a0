//! What a log tells of a call, and what it never tells.

use std::cell::Cell;
use std::io;

use domain::{Credential, SessionToken, Trace};
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{Layer as _, registry};

use super::*;

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

thread_local! {
    /// Whether what this thread logs is kept: the log is the whole process's, and other tests run beside this one.
    static KEPT: Cell<bool> = const { Cell::new(false) };
}

#[tokio::test]
async fn an_incident_stands_in_the_log_with_the_call_and_its_trace_and_without_what_the_call_carried() {
    let log = Log::default();
    let layer = fmt::layer().json().with_writer(log.clone()).with_filter(dynamic_filter_fn(|_, _| KEPT.get()));
    tracing::subscriber::set_global_default(registry().with(layer)).unwrap();
    KEPT.set(true);
    let (client, _) = counted(&House::new(), LimitOptions::default());
    let mut context = Context::new(Credential::Session(SessionToken("alice".into())), Duration::from_secs(9));
    context.trace = Trace { trace: [0x0F; 16], span: [0x02; 8] };
    let error = client.collapse(&context, "the roof".to_owned()).await.unwrap_err();
    let Error::Internal { incident, .. } = error else { panic!("{error}") };
    client.echo(&context, "a secret".to_owned()).await.unwrap();

    let log = String::from_utf8(log.0.lock().clone()).unwrap();
    let told =
        log.lines().find(|line| line.contains(&incident)).unwrap_or_else(|| panic!("{incident} is not in\n{log}"));
    for part in ["ERROR", "\"method\":\"collapse\"", "\"service\":\"events\"", &"0f".repeat(16), "the roof"] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    for secret in ["a secret", "alice"] {
        assert!(!log.contains(secret), "{secret} is in\n{log}");
    }
}
