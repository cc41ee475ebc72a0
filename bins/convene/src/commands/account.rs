//! `register`, `login`, `logout`, `whoami`, `passwd`, `account delete`.

use domain::auth::{ChangePassword, DeleteAccount, Login, Logout, Register, SignedIn, User, WhoAmI};
use domain::{Credential, Error, PasswordAttempt, Service, Username};

use super::input;
use super::invocation::{Invocation, PATIENCE, answered};
use crate::arguments::{PasswordInput, SignIn};
use crate::failure::Failure;
use crate::output::{Printed, UserDocument};
use crate::session::Session;

/// `register`: makes a user and signs them in.
///
/// # Errors
/// Invalid input, conflict for a taken name, and what auth reports.
pub(crate) async fn register(mut invocation: Invocation<'_>, arguments: &SignIn) -> Result<Printed, Failure> {
    let username = arguments.user.parse()?;
    let password = input::new_password(&arguments.password)?;
    invocation.restart_clock();
    register_with(invocation, Register { username, password }).await
}

pub(super) async fn register_with(mut invocation: Invocation<'_>, request: Register) -> Result<Printed, Failure> {
    let username = request.username.clone();
    let intent = invocation.intent::<Register>(&username, None)?;
    let turn = invocation.turn::<Register>().await?;
    let delivered = invocation.deliver(&intent, &request).await?;
    drop(turn);
    let signed_in = if delivered.again {
        // It may have been registered by an earlier attempt with another password, which no profile keeps: sign in to see.
        let password = PasswordAttempt::from(request.password);
        match sign_in_anew(&mut invocation, &username, password).await {
            Err(Failure::Refused(Error::Unauthenticated { .. })) => {
                let reason = format!(
                    "{username} was registered by the attempt before, with another password: sign in with that"
                );
                return Err(Error::conflict("user", reason).into());
            }
            answer => answer?,
        }
    } else {
        delivered.answer
    };
    let session = Session::begun(signed_in, invocation.here().now);
    let user = session.user.clone();
    invocation.sign_in(session).await?;
    Ok(done(invocation, &user, "Registered, and signed in as").await)
}

/// `login`: signs in.
///
/// # Errors
/// Unauthenticated for an unknown user and a wrong password, and what auth reports.
pub(crate) async fn login(mut invocation: Invocation<'_>, arguments: &SignIn) -> Result<Printed, Failure> {
    let username = arguments.user.parse()?;
    let password = input::password(&arguments.password)?;
    invocation.restart_clock();
    login_with(invocation, Login { username, password }).await
}

pub(super) async fn login_with(mut invocation: Invocation<'_>, request: Login) -> Result<Printed, Failure> {
    let signed_in = invocation.send(&request.username.clone(), request).await?;
    let session = Session::begun(signed_in, invocation.here().now);
    let user = session.user.clone();
    invocation.sign_in(session).await?;
    Ok(done(invocation, &user, "Signed in as").await)
}

/// `logout`: ends the session. If auth cannot be asked, the session goes on, and so it stays in the profile.
///
/// # Errors
/// What auth reports.
pub(crate) async fn logout(mut invocation: Invocation<'_>) -> Result<Printed, Failure> {
    let user = invocation.user()?.clone();
    end(&mut invocation, Logout).await?;
    Ok(done(invocation, &user, "Signed out:").await)
}

/// `account delete --yes`: deletes the account, and with it the session.
///
/// # Errors
/// What auth reports.
pub(crate) async fn delete(mut invocation: Invocation<'_>) -> Result<Printed, Failure> {
    let user = invocation.user()?.clone();
    end(&mut invocation, DeleteAccount).await?;
    Ok(done(invocation, &user, "Deleted the account of").await)
}

/// Sends a command after which the session is over. If it was sent before with unknown outcome, and the session is over now
/// although its time has not come, then that is what it was sent for.
async fn end<C: super::sending::Sent<Answer = User>>(
    invocation: &mut Invocation<'_>,
    request: C,
) -> Result<(), Failure> {
    let intent = invocation.intent::<C>(&(), None)?;
    let turn = invocation.turn::<C>().await?;
    let sent_before = invocation.is_unknown(&intent)?;
    let in_time = invocation.here().now < invocation.session()?.expires;
    let answer = invocation.deliver(&intent, &request).await;
    drop(turn);
    match answer {
        Ok(_) => invocation.sign_out().await,
        Err(Failure::Refused(Error::Unauthenticated { .. })) if sent_before && in_time => {
            invocation.remark("the session is over, so this was done when it was first sent");
            invocation.sign_out().await
        }
        Err(failure) => Err(invocation.refused::<C>(failure).await),
    }
}

/// `whoami`: who is signed in. Auth being away signs nobody out, so then the profile answers.
///
/// # Errors
/// Unauthenticated when nobody is, and what auth reports.
pub(crate) async fn whoami(mut invocation: Invocation<'_>) -> Result<Printed, Failure> {
    let known = invocation.user()?.clone();
    let clients = invocation.clients();
    let asked =
        invocation.ask_within(PATIENCE, Service::Auth, async |context| clients.auth.whoami(context, WhoAmI).await);
    let user = match asked.await {
        Err(failure) if failure.is_absence() => {
            invocation.without(Service::Auth);
            known
        }
        answer => answer?,
    };
    Ok(done(invocation, &user, "Signed in as").await)
}

/// `passwd`: changes the password.
///
/// # Errors
/// Forbidden for a wrong current password, and what auth reports.
pub(crate) async fn change_password(
    mut invocation: Invocation<'_>,
    arguments: &PasswordInput,
) -> Result<Printed, Failure> {
    let (current, new) = input::change_of_password(arguments)?;
    invocation.restart_clock();
    change_password_with(invocation, ChangePassword { current, new }).await
}

pub(super) async fn change_password_with(
    mut invocation: Invocation<'_>,
    request: ChangePassword,
) -> Result<Printed, Failure> {
    let user = invocation.user()?.clone();
    let intent = invocation.intent::<ChangePassword>(&(), None)?;
    let turn = invocation.turn::<ChangePassword>().await?;
    let mut answer = invocation.deliver(&intent, &request).await;
    if answer.as_ref().is_ok_and(|delivered| delivered.again)
        && !opens(&mut invocation, &user.username, PasswordAttempt::from(request.new.clone())).await?
    {
        // The attempt before was about another password, which no profile keeps; this one has not been done yet.
        answer = invocation.deliver(&intent, &request).await;
    }
    drop(turn);
    match answer {
        Ok(_) => Ok(done(invocation, &user, "Changed the password, and ended all other sessions, of").await),
        Err(failure) => Err(invocation.refused::<ChangePassword>(failure).await),
    }
}

/// Whether a password opens the account. The session that this makes is ended again.
async fn opens(
    invocation: &mut Invocation<'_>,
    username: &Username,
    password: PasswordAttempt,
) -> Result<bool, Failure> {
    match sign_in_anew(invocation, username, password).await {
        Ok(signed_in) => {
            let context = invocation.passing_command(Credential::Session(signed_in.token)).await?;
            // If it cannot be ended now, it ends with its time.
            let _ = answered(Service::Auth, &context, invocation.clients().auth.logout(&context, Logout)).await;
            Ok(true)
        }
        Err(Failure::Refused(Error::Unauthenticated { .. })) => Ok(false),
        Err(failure) => Err(failure),
    }
}

async fn sign_in_anew(
    invocation: &mut Invocation<'_>,
    username: &Username,
    password: PasswordAttempt,
) -> Result<SignedIn, Failure> {
    let context = invocation.passing_command(Credential::None).await?;
    let request = Login { username: username.clone(), password };
    Ok(answered(Service::Auth, &context, invocation.clients().auth.login(&context, request)).await?.value)
}

async fn done(invocation: Invocation<'_>, user: &User, happened: &str) -> Printed {
    let document = UserDocument::new(user, format!("{happened} {}.", user.username));
    invocation.finish(&document).await
}
