//! What goes wrong: services that die and come back, in any order; networks that part, slow down and break; disks that are slow;
//! clocks that jump. Which of these a simulation has, and how often, its seed says.

use std::sync::Arc;
use std::time::Duration;

use domain::Service;
use tokio::time::sleep;

use crate::installation::{Death, Installation, World};
use crate::network::{Cut, Node};
use crate::time::MachineClock;

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Death,
    DeathOfAll,
    Stop,
    Partition,
    OneWay,
    SlowNetwork,
    CutConnections,
    SlowDisk,
    WrongClock,
}

const FAULTS: [Fault; 9] = [
    Fault::Death,
    Fault::DeathOfAll,
    Fault::Stop,
    Fault::Partition,
    Fault::OneWay,
    Fault::SlowNetwork,
    Fault::CutConnections,
    Fault::SlowDisk,
    Fault::WrongClock,
];

/// Brings it about.
pub(crate) struct Chaos {
    world: World,
    installation: Installation,
    random: fastrand::Rng,
    terminals: Vec<Arc<MachineClock>>,
    /// Those that this simulation has.
    faults: Vec<Fault>,
    /// The longest pause between two, in milliseconds.
    pause: u64,
}

impl Chaos {
    pub(crate) fn new(
        world: &World,
        installation: &Installation,
        mut random: fastrand::Rng,
        terminals: Vec<Arc<MachineClock>>,
    ) -> Self {
        let faults: Vec<Fault> = FAULTS.into_iter().filter(|_| random.u8(..) < 120).collect();
        let pause = [400, 1_500, 5_000][random.usize(..3)];
        world.trace.say(format_args!("faults: {faults:?}, every {pause} ms at most"));
        Self { world: world.clone(), installation: installation.clone(), random, terminals, faults, pause }
    }

    /// Goes on until it is dropped.
    pub(crate) async fn rages(mut self) {
        loop {
            sleep(Duration::from_millis(self.random.u64(20..self.pause))).await;
            let Some(fault) = self.random.choice(self.faults.clone()) else { continue };
            self.strikes(fault);
        }
    }

    fn strikes(&mut self, fault: Fault) {
        let service = self.random.choice(Service::ALL).expect("there are five");
        let node = Node::Of(service);
        match fault {
            Fault::Death => {
                let how = if self.random.bool() { Death::Killed } else { Death::PowerCut };
                self.installation.member(service).die(how);
                self.comes_back(service);
            }
            Fault::DeathOfAll => {
                for member in self.installation.members() {
                    member.die(Death::PowerCut);
                }
                Service::ALL.into_iter().for_each(|service| self.comes_back(service));
            }
            Fault::Stop => {
                let (member, after) = (Arc::clone(self.installation.member(service)), self.a_while());
                tokio::task::spawn_local(async move {
                    member.stop().await;
                    sleep(after).await;
                    member.start();
                });
            }
            Fault::Partition | Fault::OneWay => {
                let nodes = Service::ALL.into_iter().map(Node::Of).chain((0..self.terminals.len()).map(Node::Terminal));
                let others: Vec<Node> = nodes.filter(|other| *other != node).collect();
                for other in others {
                    if self.random.bool() {
                        self.world.trace.say(format_args!("nothing passes from {node} to {other}"));
                        self.world.network.block(node, other);
                        if fault == Fault::Partition {
                            self.world.network.block(other, node);
                        }
                    }
                }
                let (network, trace, after) = (self.world.network.clone(), self.world.trace.clone(), self.a_while());
                tokio::task::spawn_local(async move {
                    sleep(after).await;
                    trace.say(format_args!("everything passes"));
                    network.heal();
                });
            }
            Fault::SlowNetwork => {
                let (most, outliers) = (self.random.u64(1..120), self.random.u64(..60));
                self.world.trace.say(format_args!("the network needs up to {most} ms, {outliers}‰ much longer"));
                self.world.network.is_slow(most, outliers);
            }
            Fault::CutConnections => {
                let how = [Cut::Both, Cut::AfterDelivery, Cut::HalfOpen][self.random.usize(..3)];
                self.world.network.cut_some(how);
            }
            Fault::SlowDisk => {
                let most = [2, 20, 300][self.random.usize(..3)];
                self.world.trace.say(format_args!("disks need up to {most} ms"));
                self.world.syncing.lock().1 = most;
            }
            Fault::WrongClock => {
                let most = [2, 120, 3 * 3_600][self.random.usize(..3)];
                let ahead = self.random.i64(-most..=most);
                let services = self.installation.members().iter().map(|member| Arc::clone(member.clock()));
                let clocks: Vec<_> = services.chain(self.terminals.iter().cloned()).collect();
                let which = self.random.usize(..clocks.len());
                self.world.trace.say(format_args!("clock {which} is {ahead} s ahead"));
                clocks[which].is_ahead_by(ahead);
            }
        }
    }

    fn comes_back(&mut self, service: Service) {
        let (member, after) = (Arc::clone(self.installation.member(service)), self.a_while());
        tokio::task::spawn_local(async move {
            sleep(after).await;
            member.start();
        });
    }

    fn a_while(&mut self) -> Duration {
        let most = [50, 2_000, 20_000][self.random.usize(..3)];
        Duration::from_millis(self.random.u64(1..most))
    }
}

/// Everything is well from now on: what is down starts, what was held up arrives, clocks are right.
pub(crate) async fn ends(world: &World, installation: &Installation, terminals: &[Arc<MachineClock>]) {
    world.trace.say(format_args!("faults end"));
    world.history.haunts_no_more();
    world.network.is_slow(3, 0);
    world.syncing.lock().1 = 3;
    let services = installation.members().iter().map(|member| member.clock());
    services.chain(terminals).for_each(|clock| clock.is_ahead_by(0));
    // Long enough for whatever was to end or to come back by itself, and for connections that are open at one end only to be noticed.
    for _ in 0..6 {
        world.network.heal();
        for member in installation.members() {
            member.start();
        }
        sleep(Duration::from_secs(6)).await;
    }
}
