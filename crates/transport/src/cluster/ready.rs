//! Asking a service's process whether it is ready, as anything that watches over processes would: over plain HTTP, or over TLS where
//! that is spoken.

use std::io;
use std::time::Duration;

use domain::Service;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::{Connect as _, Tcp, Tls};

const PATIENCE: Duration = Duration::from_secs(1);
const LONGEST_ANSWER: u64 = 4_096;

/// Whether `service` listens at `address` and is ready; if not, why.
///
/// # Errors
/// Why not, in words.
pub async fn ready(service: Service, address: &str, tls: &Tls) -> Result<(), String> {
    let answer = match timeout(PATIENCE, ask(service, address, tls)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Err(format!("{service} does not answer at {address}: {error}")),
        Err(_) => return Err(format!("{service} does not answer at {address} in time")),
    };
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    if head.starts_with("HTTP/1.1 200") && body.starts_with(service.name()) {
        Ok(())
    } else if body.is_empty() {
        Err(format!("{address} does not answer as {service}"))
    } else {
        Err(body.trim().to_owned())
    }
}

async fn ask(service: Service, address: &str, tls: &Tls) -> io::Result<String> {
    let mut stream = Tcp::to(address, service, tls.clone()).connect().await?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LONGEST_ANSWER).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
