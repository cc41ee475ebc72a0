//! Makes the messages and stubs of the peer `tonic` from its definition, as whoever uses tonic does (by protox: nothing needs to be
//! installed). Without the feature `peers` there is nothing to make.

/// Compiles the definition.
#[cfg(feature = "peers")]
#[allow(clippy::print_stdout, reason = "that is how a build script speaks")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=src/peers/showing.proto");
    let definition = protox::compile(["src/peers/showing.proto"], ["src/peers"])?;
    tonic_prost_build::configure().bytes(".").compile_fds(definition)?;
    Ok(())
}

/// Does nothing.
#[cfg(not(feature = "peers"))]
fn main() {}
