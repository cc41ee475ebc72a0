//! What is accepted where, and how wrong usage is told.

use super::*;

fn words(line: &str) -> Vec<OsString> {
    std::iter::once("convene").chain(line.split_whitespace()).map(OsString::from).collect()
}

fn accepted(line: &str) -> Arguments {
    match parse(words(line)) {
        Parsed::Command(arguments) => *arguments,
        other => panic!("{line}: {other:?}"),
    }
}

fn refused(line: &str) -> (Failure, bool) {
    match parse(words(line)) {
        Parsed::Wrong { failure, json, .. } => (failure, json),
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn the_definition_is_sound() {
    definition().debug_assert();
}

#[test]
fn options_for_every_command_are_accepted_before_and_after_it() {
    for line in [
        "--profile bob --server h:1 --json --in-process --certs c --require-tls event show x",
        "event show x --profile bob --server h:1 --json --in-process --certs c --require-tls",
        "event --profile bob --json --require-tls show x --server h:1 --in-process --certs c",
        "--profile=bob event show --json x --server=h:1 --in-process --certs=c --require-tls",
    ] {
        let Options { profile, server, json, in_process, certs, require_tls } = accepted(line).options;
        assert_eq!((profile.as_str(), server.as_deref(), json, in_process), ("bob", Some("h:1"), true, true), "{line}");
        assert_eq!((certs, require_tls), (Some(PathBuf::from("c")), true), "{line}");
    }
}

#[test]
fn a_flag_for_every_command_may_be_said_before_and_after_it() {
    let Options { json, in_process, .. } = accepted("--json --in-process shares --in-process --json").options;
    assert!(json && in_process);
}

#[test]
fn without_a_command_the_terminal_client_is_wanted() {
    assert!(accepted("").command.is_none());
    assert!(accepted("--profile bob").command.is_none());
}

#[test]
fn every_command_of_the_contract_is_understood() {
    for line in [
        "register alice --password-stdin",
        "login alice",
        "logout",
        "whoami",
        "passwd --password-stdin",
        "account delete --yes",
        "event create --title T --start 2027-03-10T09:00 --end 2027-03-10T10:00 --zone UTC --location L --description D --public --invite a,b",
        "event create --title T --start 2027-03-10 --for 1d --all-day",
        "event show ID",
        "event create --title T --start 2027-03-10T09:00 --capacity 100",
        "event edit ID --title T --if-version 3 --private",
        "event edit ID --capacity 100",
        "event edit ID --no-capacity",
        "event cancel ID",
        "event list --public --search TEXT --from 2027-03-10 --to 2027-03-11 --limit 3 --after c0",
        "invite E bob carol",
        "uninvite E bob",
        "invitations --all --limit 3 --after c0",
        "respond E accept",
        "respond E decline",
        "respond E maybe",
        "attend E --maybe",
        "attend E",
        "unattend E",
        "participants E --status going",
        "participants E --status pending --limit 1",
        "participants E --status waiting",
        "calendar --of bob --from 2027-03-10 --to 2027-03-11",
        "freebusy alice bob --from 2027-03-10 --to 2027-03-11",
        "find-time bob carol --for 1h --between 9:00-17:00 --from 2027-03-10 --to 2027-03-11 --on mon,tue --limit 3",
        "remind",
        "remind --within 7d",
        "remind --follow",
        "share bob --busy-only",
        "unshare bob",
        "shares",
        "status",
        "check",
        "completions bash",
        "man",
    ] {
        assert!(accepted(line).command.is_some(), "{line}");
    }
}

#[test]
fn texts_may_begin_with_a_hyphen_and_be_empty() {
    let line = ["convene", "event", "edit", "E", "--title", "- item", "--location", "", "--description", "--"];
    let Parsed::Command(arguments) = parse(line.map(OsString::from)) else { panic!() };
    let Some(Command::ToServices(ServiceCommand::Event(EventCommand::Edit(edit)))) = arguments.command else {
        panic!()
    };
    assert_eq!((edit.title.as_deref(), edit.location.as_deref()), (Some("- item"), Some("")));
}

#[test]
fn wrong_usage_is_told_as_json_wherever_json_was_asked_for() {
    for line in ["--json nonsense", "event show --json", "event --json", "respond E perhaps --json", "--json --wrong"] {
        let (failure, json) = refused(line);
        assert!(json, "{line}");
        assert_eq!((failure.exit(), failure.code()), (2, "usage"), "{line}");
        assert!(!failure.message().is_empty() && !failure.message().contains("Usage"), "{failure:?}");
    }
    assert!(!refused("event show").1);
    assert!(!refused("event show -- x y --json").1);
}

#[test]
fn what_does_not_go_together_is_wrong_usage() {
    for line in [
        "event create --title T --start S --end E --for 1h",
        "event edit E --public --private",
        "event create --title T",
        "event create --title T --start S --capacity many",
        "event edit E --capacity 3 --no-capacity",
        "freebusy",
        "remind --follow --within 7d",
        "find-time bob",
        "find-time --for 1h",
        "event create --start S",
        "account delete",
        "invite E",
        "participants E --status here",
        "event edit E --if-version x",
        "register alice --password secret",
        "login",
    ] {
        assert_eq!(refused(line).0.exit(), 2, "{line}");
    }
    assert!(refused("account delete").0.message().contains("--yes"));
}

#[test]
fn help_and_version_are_no_errors() {
    for line in ["--help", "event create --help", "--version", "help event", "--json --help"] {
        assert!(matches!(parse(words(line)), Parsed::Text(_)), "{line}");
    }
}

#[test]
fn every_command_is_described_in_one_line() {
    fn check(command: &clap::Command) {
        for sub in command.get_subcommands() {
            let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
            assert!(!about.is_empty() && !about.contains('\n'), "{}: {about:?}", sub.get_name());
            check(sub);
        }
    }
    check(&definition());
}
