//! Services that are away, and what becomes of everything else: one walk through the whole of Convene while one or two services are
//! killed or hang, and back again.
//!
//! [`table`] is what is expected, as data: each thing that people do, and for each service what becomes of it while that service is
//! away. Every row is walked in two ways at once, by calls to the services ([`calls`]) and by commands of the real program `convene`
//! ([`commands`]), while people look at the screens of the terminal client ([`screens`]). Then the services come back, everything
//! that was refused is done again under the same identity, and nothing is lost, done twice or dangling.
//!
//! Nothing is asserted about wall time. What must be answered soon is asked with that deadline, and a hung service is one that
//! really is stopped.

mod calls;
mod commands;
mod deed;
mod scene;
mod screens;
mod seen;
mod table;

use std::time::Duration;

use domain::Service;

use crate::{Mode, Shell, World};
use scene::Scene;
use screens::Screens;
use seen::Seen;

/// How services are taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Their processes end at once (`kill -9`).
    Killed,
    /// Their processes stop (`kill -STOP`): connections stay open, and nobody answers.
    Hung,
}

impl Manner {
    async fn takes_away(self, world: &mut World, service: Service) {
        match self {
            Self::Killed => {
                world.kills(service).await;
                // Those who are connected have noticed, so that from here on nothing is uncertain.
                world.misses(service).await;
            }
            Self::Hung => world.hangs(service).await,
        }
    }

    async fn brings_back(self, world: &mut World, service: Service) {
        match self {
            Self::Killed => world.starts(service).await,
            Self::Hung => world.goes_on(service).await,
        }
    }
}

/// Takes `away` away in that manner, walks through everything, and brings them back.
pub fn outage(away: &[Service], manner: Manner) {
    World::run(Mode::Spawned, None, |mut world| async move {
        let seen = Seen::during(away, manner);
        let shell = Shell::at(world.base_port(), world.data());
        let scene = Scene::is_set(&world, &shell).await;
        let mut screens = Screens::are_open(&world, &scene.alice).await;
        world.settles().await;
        for &service in away {
            manner.takes_away(&mut world, service).await;
        }

        let (called, given, ()) = tokio::join!(
            calls::walk(&scene, away, manner, &seen),
            commands::walk(&scene, &shell, away, &seen),
            screens.notice(away, manner, &seen),
        );
        commands::tell_how_the_services_are(&shell, away, &seen).await;

        // One after the other: what is back works while the other is still away.
        for (place, &service) in away.iter().enumerate() {
            manner.brings_back(&mut world, service).await;
            match &away[place + 1..] {
                [] => {}
                still_away => calls::walk_queries(&scene, still_away, manner, &seen).await,
            }
        }
        screens.recover(away, manner).await;
        world.settles().await;
        tokio::join!(
            called.converge(&world, &scene),
            given.converge(&scene, &shell),
            screens.have_done_all_once(&scene.alice),
        );
        called.repeat(&world).await;
        let checked = shell.gives("alice", &["check"], "").await;
        assert_eq!((checked.code, &checked.document()["dangling"]), (0, &serde_json::json!([])), "{checked:?}");
        world.ends_whole().await;
        seen.is_written_down();
    });
}

/// Within this a call is answered for which no missing service is needed.
const PROMPTLY: Duration = Duration::from_secs(5);
/// How long one waits for a service that is away.
const BRIEFLY: Duration = Duration::from_millis(1_500);

/// Makes a test of each outage: `outages! { auth_is_killed: Killed Auth; events_and_sharing_hang: Hung Events Sharing; }`.
#[macro_export]
macro_rules! outages {
    ($($name:ident: $manner:ident $($service:ident)+;)+) => {$(
        #[test]
        fn $name() {
            $crate::outage::outage(&[$(::domain::Service::$service),+], $crate::outage::Manner::$manner);
        }
    )+};
}
