//! `completions` and `man`: made from the definition of the command line, so that they cannot disagree with it.

use crate::arguments::definition;
use crate::failure::Failure;

/// The script that completes commands in `shell`.
pub(crate) fn completions(shell: clap_complete::Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut for_people(&definition()), "convene", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The command line without the commands that other programs give: some shells would propose these as well.
fn for_people(all: &clap::Command) -> clap::Command {
    let shown = all.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    let about = all.get_about().cloned().unwrap_or_default();
    clap::Command::new("convene")
        .version(env!("CARGO_PKG_VERSION"))
        .about(about)
        .args(all.get_arguments())
        .subcommands(shown)
}

/// The manual page of a command, given by its words; of all without any.
///
/// # Errors
/// Usage for words that are no command.
pub(crate) fn page(words: &[String]) -> Result<String, Failure> {
    let mut command = definition();
    command.build();
    for word in words {
        let found = command.find_subcommand(word).filter(|sub| !sub.is_hide_set()).cloned();
        command = found.ok_or_else(|| Failure::usage(format!("there is no command {word:?}; see convene --help")))?;
    }
    let name = std::iter::once("convene").chain(words.iter().map(String::as_str)).collect::<Vec<_>>().join("-");
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .title(name)
        .render(&mut page)
        .map_err(|error| Failure::Here(format!("the page cannot be written: {error}")))?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn every_shell_has_its_completions() {
        for shell in clap_complete::Shell::value_variants() {
            let script = completions(*shell);
            assert!(script.contains("participants") && script.contains("in-process"), "{shell}");
            let hidden = script.split(|c: char| !c.is_alphanumeric()).find(|word| ["ps", "demo"].contains(word));
            assert_eq!(hidden, None, "{shell}");
        }
    }

    #[test]
    fn there_is_a_page_for_all_and_one_for_each_command() {
        assert!(page(&[]).unwrap().contains("CONVENE_SERVER"));
        assert!(page(&["event".to_owned(), "create".to_owned()]).unwrap().contains("all\\-day"));
        assert_eq!(page(&["dance".to_owned()]).unwrap_err().exit(), 2);
    }
}
