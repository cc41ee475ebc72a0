//! How much memory a process has, as the system tells.

use anyhow::{Context as _, Result};
use domain::Service;
use transport::cluster::Cluster;

/// The memory of the process `pid` that is resident, and the most that ever was, in bytes.
///
/// # Errors
/// If there is no such process.
pub(super) fn of_process(pid: u32) -> Result<(u64, u64)> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).with_context(|| format!("process {pid}"))?;
    let line = |name: &str| -> Result<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).context("the system does not tell")?;
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().context("no number")?;
        Ok(kilobytes * 1_024)
    };
    Ok((line("VmRSS:")?, line("VmHWM:")?))
}

/// The same of each of the five services, each a process.
///
/// # Errors
/// If one of them has ended.
pub(super) async fn of_services(cluster: &Cluster) -> Result<Vec<(Service, u64, u64)>> {
    let mut found = Vec::new();
    for service in Service::ALL {
        let pid = cluster.pid(service).await.with_context(|| format!("{service} has ended"))?;
        let (now, most) = of_process(pid)?;
        found.push((service, now, most));
    }
    Ok(found)
}

/// Of all five together.
///
/// # Errors
/// If one of them has ended.
pub(super) async fn together(cluster: &Cluster) -> Result<u64> {
    Ok(of_services(cluster).await?.into_iter().map(|(_, now, _)| now).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_is_there_has_memory_and_one_that_is_not_is_told_of() {
        let (now, most) = of_process(std::process::id()).unwrap();
        assert!(now > 1_000_000 && most >= now, "{now} {most}");
        assert!(of_process(u32::MAX).unwrap_err().to_string().contains("process 4294967295"));
    }
}
