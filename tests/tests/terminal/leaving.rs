//! However the client ends, the shell finds its terminal as it was.

use std::fs;

use rustix::process::Signal;

use crate::SIZES;
use crate::installation::{Installation, Restart, free_base_port, send};
use crate::person::Person;
use crate::tmux::{PROMPT, Terminal};

/// The terminal is the shell's again: its own screen, no mouse, a cursor, echo, lines.
fn is_a_shell_again(terminal: &Terminal<'_>) {
    terminal.until("the shell waits for a command", |screen| {
        screen.lines().rev().find(|line| !line.is_empty()).is_some_and(|line| line.trim_end().ends_with(PROMPT))
    });
    terminal.until("the terminal is restored", |_| {
        terminal.knows("alternate_on") == "0" && terminal.knows("mouse_any_flag") == "0"
    });
    assert_eq!(terminal.knows("cursor_flag"), "1");
    terminal.types("stty -a | grep -o -- '-\\?\\b\\(echo\\|icanon\\|isig\\)\\b' | tr '\\n' ,");
    terminal.key("Enter");
    terminal.shows("isig,icanon,echo,");
    terminal.types("echo 'as it was' | tr a-z A-Z");
    let typed = terminal.shows("echo 'as it was'");
    assert!(!typed.contains("AS IT WAS"));
    terminal.key("Enter");
    terminal.shows("AS IT WAS");
}

/// The process that the shell waits for.
fn running_in(terminal: &Terminal<'_>) -> u32 {
    let shell = terminal.knows("pane_pid");
    fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).unwrap().trim().parse().unwrap()
}

#[test]
fn quitting_gives_the_terminal_back() {
    let installation = Installation::new(Restart::ByItself);
    let alice = Person::registered(&installation, "alice", SIZES[0]);
    assert_eq!(alice.terminal.knows("alternate_on"), "1");
    alice.says("quit");
    is_a_shell_again(&alice.terminal);
    // Who was signed in still is.
    alice.terminal.types("clear");
    alice.terminal.key("Enter");
    alice.opens_the_client();
    alice.terminal.shows("my calendar");
    alice.terminal.key("C-c");
    is_a_shell_again(&alice.terminal);
}

#[test]
fn a_panic_gives_the_terminal_back_and_can_be_read() {
    let installation = Installation::new(Restart::ByItself);
    let alice = Person::registered(&installation, "alice", SIZES[0]);
    // No key is needed, and one might come too late and be the shell's: a service answers within a few seconds.
    fs::write(installation.path("panic"), "").unwrap();
    alice.terminal.shows("rehearsed");
    is_a_shell_again(&alice.terminal);
}

#[test]
fn sigterm_and_sighup_give_the_terminal_back() {
    let installation = Installation::new(Restart::ByItself);
    let alice = Person::registered(&installation, "alice", SIZES[0]);
    for signal in [Signal::TERM, Signal::HUP] {
        send(running_in(&alice.terminal), signal);
        is_a_shell_again(&alice.terminal);
        alice.terminal.types("clear");
        alice.terminal.key("Enter");
        alice.opens_the_client();
        alice.terminal.shows("my calendar");
    }
}

#[test]
fn the_client_that_came_with_the_services_ends_them_when_it_is_left() {
    let installation = Installation::new(Restart::ByItself);
    let terminal = installation.terminal("alice", SIZES[0]);
    let own = installation.path("own");
    let port = free_base_port();
    let up = format!("CONVENE_DATA={} CONVENE_BASE_PORT={port} convene up; echo \"exit $?\"", own.display());
    for leave in [None, Some(Signal::TERM)] {
        terminal.types(&up);
        terminal.key("Enter");
        terminal.shows("┌ Sign in");
        match leave {
            None => terminal.key("C-c"),
            Some(signal) => send(running_in(&terminal), signal),
        }
        terminal.shows("exit 0");
        is_a_shell_again(&terminal);
        terminal.types(&format!("clear; ls {}/run/events.pid", own.display()));
        terminal.key("Enter");
        terminal.shows("No such file");
        terminal.types("clear");
        terminal.key("Enter");
    }
}
