//! Passwords: from a hidden prompt, or one a line from standard input; never from an argument.

use std::io::{self, BufRead, IsTerminal as _};

use domain::{Error, Password, PasswordAttempt};
use zeroize::{Zeroize as _, Zeroizing};

use crate::arguments::PasswordInput;
use crate::failure::Failure;

/// A password that proves who one is.
///
/// # Errors
/// Usage when there is nobody to ask; invalid input for one that is too long.
pub(crate) fn password(input: &PasswordInput) -> Result<PasswordAttempt, Failure> {
    if input.password_stdin { attempt(line(&mut io::stdin().lock())?) } else { attempt(asked("Password: ")?) }
}

/// A password to be chosen; asked for twice.
///
/// # Errors
/// As [`password`], and invalid input for one that is too short, or typed differently the second time.
pub(crate) fn new_password(input: &PasswordInput) -> Result<Password, Failure> {
    if input.password_stdin { chosen(line(&mut io::stdin().lock())?) } else { asked_twice() }
}

/// The current password and the next one.
///
/// # Errors
/// As [`new_password`].
pub(crate) fn change_of_password(input: &PasswordInput) -> Result<(PasswordAttempt, Password), Failure> {
    if input.password_stdin {
        let mut stdin = io::stdin().lock();
        let current = attempt(line(&mut stdin)?)?;
        return Ok((current, chosen(line(&mut stdin)?)?));
    }
    Ok((attempt(asked("Current password: ")?)?, asked_twice()?))
}

fn asked_twice() -> Result<Password, Failure> {
    let first = asked("New password (at least 10 characters): ")?;
    let password = chosen(first.clone())?;
    if *asked("The same again: ")? != *first {
        return Err(Error::invalid_secret("password", "the two differ; nothing was done").into());
    }
    Ok(password)
}

fn asked(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::Usage {
            message: "there is no terminal to ask for a password at; give it on standard input with --password-stdin"
                .to_owned(),
            field: Some("password"),
        });
    }
    let typed = rpassword::prompt_password(prompt);
    typed.map(Zeroizing::new).map_err(|error| Failure::Here(format!("the password cannot be asked for: {error}")))
}

/// One line, without its line break.
fn line(input: &mut impl BufRead) -> Result<Zeroizing<String>, Failure> {
    let mut bytes = Zeroizing::new(Vec::new());
    input
        .read_until(b'\n', &mut bytes)
        .map_err(|error| Failure::Here(format!("standard input cannot be read: {error}")))?;
    if bytes.is_empty() {
        let message = "standard input ended where a password was expected, one a line".to_owned();
        return Err(Failure::Usage { message, field: Some("password") });
    }
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    }
    match String::from_utf8(std::mem::take(&mut *bytes)) {
        Ok(line) => Ok(Zeroizing::new(line)),
        Err(error) => {
            error.into_bytes().zeroize();
            Err(Error::invalid_secret("password", "it is not UTF-8").into())
        }
    }
}

fn attempt(mut text: Zeroizing<String>) -> Result<PasswordAttempt, Failure> {
    Ok(PasswordAttempt::try_from(std::mem::take(&mut *text))?)
}

fn chosen(text: Zeroizing<String>) -> Result<Password, Failure> {
    Ok(Password::try_from(attempt(text)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<Result<String, u8>> {
        let mut input = text;
        (0..2).map(|_| line(&mut input).map(|line| line.to_string()).map_err(|failure| failure.exit())).collect()
    }

    #[test]
    fn a_line_ends_at_its_break_and_keeps_its_spaces() {
        assert_eq!(lines(b" one \r\ntwo\n"), [Ok(" one ".to_owned()), Ok("two".to_owned())]);
        assert_eq!(lines(b"one"), [Ok("one".to_owned()), Err(2)]);
        assert_eq!(lines(b"\xff\n\n"), [Err(2), Ok(String::new())]);
    }

    #[test]
    fn a_chosen_password_is_not_short_and_never_shown() {
        let failure = chosen(Zeroizing::new("hunter2".to_owned())).unwrap_err();
        assert_eq!((failure.exit(), failure.code()), (2, "invalid_input"));
        assert!(!failure.json().contains("hunter2"));
    }
}
