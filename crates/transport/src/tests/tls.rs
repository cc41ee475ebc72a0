//! TLS over real sockets: those with a certificate of the installation talk as ever, and everybody else is told why not.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use certs::{Authority, Folder, Holder, Issued, Order};
use domain::{Context, Error, Service, Timestamp};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::hostile::plain;
use super::sample::*;
use crate::tls::{Identity, Tls};
use crate::{Channel, ChannelOptions, ListenOptions};

const PATIENCE: Duration = Duration::from_secs(20);
const DAY: Duration = Duration::from_secs(86_400);
const HEALTH: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_micros(since.as_micros().try_into().unwrap())
}

/// The certificates of one installation.
struct Installation {
    temporary: TempDir,
    order: Order,
}

impl Installation {
    fn at(hosts: &[&str]) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::at(temporary.path().join("certs"));
        let order = Order {
            authority: folder.of_authority(),
            folder,
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            clients: vec!["alice".to_owned()],
            days: 365,
            now: now(),
        };
        certs::make(&order).unwrap();
        Self { temporary, order }
    }

    fn new() -> Self {
        Self::at(&["127.0.0.1"])
    }

    fn folder(&self) -> &Folder {
        &self.order.folder
    }

    fn service(&self, service: Service) -> Arc<Identity> {
        Identity::of_service(self.folder().clone(), service)
    }

    fn operator(&self) -> Arc<Identity> {
        Identity::of_caller(self.folder().clone())
    }

    fn alice_folder(&self) -> Folder {
        Folder::at(self.folder().path().join("clients/alice"))
    }

    fn alice(&self) -> Arc<Identity> {
        Identity::of_caller(self.alice_folder())
    }

    async fn listens(&self, house: &Arc<House>) -> Listening {
        listens_as(house, self.service(Service::Events)).await
    }

    fn authority(&self) -> Authority {
        Authority::load(&self.folder().of_authority()).unwrap().unwrap()
    }

    fn issued(&self, holder: &Holder, from: Timestamp, until: Timestamp) -> Issued {
        self.authority().issue(holder, &["127.0.0.1".to_owned()], from, until).unwrap()
    }
}

async fn listens_as(house: &Arc<House>, identity: Arc<Identity>) -> Listening {
    let options =
        ListenOptions { tls: Some(identity), handshake_timeout: Duration::from_secs(2), ..ListenOptions::default() };
    listening(house, options).await
}

fn as_who(identity: Arc<Identity>) -> ChannelOptions {
    ChannelOptions { tls: Tls { identity: Some(identity), everywhere: true }, ..ChannelOptions::default() }
}

fn caller(address: SocketAddr, identity: Arc<Identity>) -> Arc<SampleClient> {
    client(Channel::<SampleProtocol>::to(address.to_string(), as_who(identity)))
}

/// Why a call did not get through; it was certainly not executed.
async fn refusal(client: &SampleClient) -> String {
    match timeout(PATIENCE, client.echo(&patient(), String::new())).await.expect("it hangs") {
        Err(Error::Unavailable { service: Service::Events, reason }) => reason,
        other => panic!("{other:?}"),
    }
}

fn pem_roots(folder: &Folder) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.authority()).unwrap()).unwrap();
    roots
}

fn pair(issued: &Issued) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let certificate = CertificateDer::from_pem_slice(issued.certificate.as_bytes()).unwrap();
    (vec![certificate], PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap())
}

/// A client of rustls that believes our authority and shows what it is given.
async fn raw(installation: &Installation, address: SocketAddr, shows: Option<&Issued>) -> std::io::Result<String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(pem_roots(installation.folder()));
    let config = match shows.map(pair) {
        Some((chain, key)) => config.with_client_auth_cert(chain, key).unwrap(),
        None => config.with_no_client_auth(),
    };
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    stream.write_all(HEALTH).await?;
    let mut answer = String::new();
    match timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("the server hangs") {
        Ok(_) => Ok(answer),
        Err(error) => Err(error),
    }
}

#[tokio::test]
async fn clients_and_operators_of_the_installation_call_as_ever() {
    let (house, installation) = (House::new(), Installation::new());
    let listening = installation.listens(&house).await;
    for identity in [installation.alice(), installation.operator(), installation.service(Service::Calendar)] {
        let client = caller(listening.address, identity);
        assert_eq!(client.echo(&patient(), "fine".to_owned()).await.unwrap().value, "fine");
        let arrived = client.describe(&patient(), ()).await.unwrap().value;
        assert_eq!(arrived.peer, "127.0.0.1", "who is slowed down for wrong passwords is told apart as without TLS");
        let letters = client.letters(&patient(), 3_000_000).await.unwrap().value;
        assert_eq!(letters.len(), 3_000_000);
    }
    let alice = installation.issued(&Holder::Client("alice".to_owned()), now(), now().plus(DAY));
    let health = raw(&installation, listening.address, Some(&alice)).await.unwrap();
    assert!(health.contains("events is alive"), "{health}");
}

#[tokio::test]
async fn a_service_that_listens_on_every_address_can_be_called_at_that_from_its_own_machine() {
    let (house, installation) = (House::new(), Installation::at(&["localhost"]));
    let options = ListenOptions { tls: Some(installation.service(Service::Events)), ..ListenOptions::default() };
    let listening = listening_at(&house, "0.0.0.0:0".parse().unwrap(), options).await;
    let client = caller(listening.address, installation.service(Service::Events));
    client.echo(&patient(), String::new()).await.unwrap();
}

#[tokio::test]
async fn many_calls_at_once_share_one_connection() {
    let (house, installation) = (House::new(), Installation::new());
    let listening = installation.listens(&house).await;
    let client = caller(listening.address, installation.alice());
    let calls = (0..200).map(|number| {
        let client = Arc::clone(&client);
        async move { (number, client.echo(&patient(), format!("{number}")).await.unwrap().value) }
    });
    for (number, answer) in futures::future::join_all(calls).await {
        assert_eq!(answer, number.to_string());
    }
}

#[tokio::test]
async fn a_client_without_a_certificate_or_with_one_of_no_use_is_refused_by_the_server() {
    let (house, installation, foreign) = (House::new(), Installation::new(), Installation::new());
    let listening = installation.listens(&house).await;
    let alice = Holder::Client("alice".to_owned());
    let expired = installation.issued(&alice, now().minus(3 * DAY), now().minus(DAY));
    let early = installation.issued(&alice, now().plus(DAY), now().plus(3 * DAY));
    let others = foreign.issued(&alice, now().minus(DAY), now().plus(DAY));
    for (shows, told) in [
        (None, "CertificateRequired"),
        (Some(&expired), "CertificateExpired"),
        (Some(&early), "CertificateExpired"),
        (Some(&others), "UnknownCA"),
    ] {
        let refused = raw(&installation, listening.address, shows).await.unwrap_err().to_string();
        assert!(refused.contains(told), "{refused}");
    }
}

#[tokio::test]
async fn the_words_for_a_certificate_of_another_authority_name_the_file_and_what_to_do() {
    let (house, installation, foreign) = (House::new(), Installation::new(), Installation::new());
    let listening = installation.listens(&house).await;
    let refused = refusal(&caller(listening.address, foreign.alice())).await;
    assert!(refused.contains("its certificate was issued by another authority than that of"), "{refused}");

    // Someone who believes both authorities, and has a certificate of the one that the server does not believe.
    let both = [installation.folder().authority(), foreign.folder().authority()].map(|file| fs::read(file).unwrap());
    fs::write(foreign.alice_folder().authority(), both.concat()).unwrap();
    let refused = refusal(&caller(listening.address, foreign.alice())).await;
    assert!(refused.contains("it refuses our certificate") && refused.contains("client.crt"), "{refused}");
    assert!(refused.contains("which another authority issued") && refused.contains("convene certs make"), "{refused}");
}

#[tokio::test]
async fn what_is_wrong_with_ones_own_certificate_is_told_before_anything_is_sent() {
    let installation = Installation::new();
    let nowhere: SocketAddr = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let (server, _) = tokio::join!(TcpListener::bind(nowhere), async {});
    let _server = server.unwrap();
    let home = installation.alice_folder();
    let [certificate, key] = ["client.crt", "client.key"].map(|name| home.path().join(name));
    let told = async || refusal(&caller(nowhere, installation.alice())).await;

    let alice = Holder::Client("alice".to_owned());
    let keep = |issued: &Issued| {
        fs::write(&certificate, &issued.certificate).unwrap();
        fs::write(&key, &issued.key).unwrap();
    };
    keep(&installation.issued(&alice, now().minus(3 * DAY), now().minus(DAY)));
    let expired = told().await;
    assert!(expired.contains("client.crt has expired on 20") && expired.contains("convene certs renew"), "{expired}");
    keep(&installation.issued(&alice, now().plus(DAY), now().plus(3 * DAY)));
    assert!(told().await.contains("is good only from"));
    let foreign = Installation::new();
    keep(&foreign.issued(&alice, now().minus(DAY), now().plus(DAY)));
    assert!(told().await.contains("client.crt was not issued by the authority of"));
    fs::write(&certificate, installation.issued(&alice, now().minus(DAY), now().plus(DAY)).certificate).unwrap();
    assert!(told().await.contains("do not belong together"));
    fs::write(&key, "nothing").unwrap();
    assert!(told().await.contains("client.key holds nothing that can be used"));
    fs::remove_file(&key).unwrap();
    let missing = told().await;
    assert!(missing.contains("there is no") && missing.contains("client.key"), "{missing}");
}

#[tokio::test]
async fn where_tls_is_needed_and_there_are_no_certificates_nothing_is_sent() {
    let far = client(Channel::<SampleProtocol>::to("192.0.2.1:1", ChannelOptions::default()));
    let refused = refusal(&far).await;
    assert!(refused.contains("192.0.2.1:1") && refused.contains("needs TLS"), "{refused}");
}

/// A server of rustls that shows what it is given.
async fn impostor(shows: &Issued) -> SocketAddr {
    let (chain, key) = pair(shows);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    address
}

#[tokio::test]
async fn a_server_whose_certificate_is_of_no_use_is_not_talked_to() {
    let installation = Installation::new();
    let events = Holder::Service(Service::Events);
    let from_to = |holder: &Holder, from, until| installation.issued(holder, from, until);
    let (yesterday, tomorrow) = (now().minus(DAY), now().plus(DAY));
    for (shows, told) in [
        (from_to(&events, now().minus(3 * DAY), yesterday), "its certificate has expired on 20"),
        (from_to(&events, tomorrow, now().plus(3 * DAY)), "its certificate is good only from"),
        (from_to(&Holder::Service(Service::Auth), yesterday, tomorrow), "its certificate is not that of events"),
        (
            installation.authority().issue(&events, &["calendar.example.org".to_owned()], yesterday, tomorrow).unwrap(),
            "its certificate is for calendar.example.org, and not for 127.0.0.1",
        ),
        (from_to(&Holder::Client("alice".to_owned()), yesterday, tomorrow), "its certificate is"),
    ] {
        let address = impostor(&shows).await;
        let refused = refusal(&caller(address, installation.alice())).await;
        assert!(refused.contains(told) && refused.contains(&address.to_string()), "{refused}");
    }
}

#[tokio::test]
async fn a_plain_client_of_a_tls_server_is_told_so_and_so_is_the_other_way_round() {
    let (house, installation) = (House::new(), Installation::new());
    let secured = installation.listens(&house).await;
    let refused = refusal(&client(secured.channel())).await;
    assert!(refused.contains("events speaks TLS at this address") && refused.contains("--require-tls"), "{refused}");
    let answer = plain(secured.address, HEALTH).await;
    assert!(answer.contains("400 Bad Request") && answer.contains("speaks TLS"), "{answer}");
    assert!(
        answer.contains("https") && answer.contains("--client NAME") && !answer.contains("--require-tls"),
        "{answer}"
    );

    let open = listening(&house, ListenOptions::default()).await;
    let refused = refusal(&caller(open.address, installation.alice())).await;
    assert!(refused.contains("does not speak TLS there"), "{refused}");
}

#[tokio::test]
async fn who_says_nothing_or_stops_in_the_handshake_is_cut_off() {
    let (house, installation) = (House::new(), Installation::new());
    let listening = installation.listens(&house).await;
    for begun in [&b""[..], &[22, 3, 1, 2, 0, 1], b"GET /rpc HT"] {
        let mut stream = TcpStream::connect(listening.address).await.unwrap();
        stream.write_all(begun).await.unwrap();
        let mut rest = Vec::new();
        let _ = timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("it is still connected");
    }
    // And of a server that says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let refused = refusal(&caller(silent.local_addr().unwrap(), installation.alice())).await;
    assert!(refused.contains("in time"), "{refused}");
}

#[tokio::test]
async fn the_credential_of_a_service_counts_only_with_the_certificate_of_one() {
    let (house, installation) = (House::new(), Installation::new());
    let listening = installation.listens(&house).await;
    let asks = async |identity| {
        let context = Context { credential: service("calendar"), ..patient() };
        caller(listening.address, identity).for_services(&context, ()).await
    };
    let refused = asks(installation.alice()).await.unwrap_err();
    assert!(matches!(&refused, Error::Forbidden { .. }), "{refused:?}");
    asks(installation.service(Service::Calendar)).await.unwrap();
    asks(installation.operator()).await.unwrap();
}

#[tokio::test]
async fn a_backup_is_given_to_nobody_who_has_a_clients_certificate_whatever_token_is_shown() {
    let (house, installation) = (House::new(), Installation::new());
    let listening = installation.listens(&house).await;
    listening.server.makes_backups(Arc::new(|_| Err(Error::unavailable(Service::Events, "the token was looked at"))));
    let asks = async |identity| {
        let tls = Tls { identity: Some(identity), everywhere: true };
        let way = crate::Tcp::to(listening.address.to_string(), Service::Events, tls);
        crate::backup::fetch(&way, Service::Events, &service("calendar"), |_| Ok(())).await.unwrap_err()
    };
    let refused = asks(installation.alice()).await;
    assert!(refused.contains("neither the operator's nor a service's"), "{refused}");
    for identity in [installation.operator(), installation.service(Service::Events)] {
        assert!(asks(identity).await.contains("the token was looked at"));
    }
}

#[test]
fn whether_a_certificate_is_for_the_host_where_a_service_listens_is_known_before() {
    let installation = Installation::at(&["localhost", "::1", "127.0.0.1"]);
    let events = installation.service(Service::Events);
    for address in ["localhost:7402", "127.0.0.1:7402", "[::1]:7402"] {
        events.check_host(address).unwrap();
    }
    let refused = events.check_host("192.0.2.7:7402").unwrap_err();
    assert!(refused.contains("events.crt is for localhost, ::1, 127.0.0.1, and not for 192.0.2.7"), "{refused}");
    assert!(refused.contains("`convene certs make --host 192.0.2.7`"), "{refused}");
}

#[tokio::test]
async fn renewed_certificates_are_taken_up_without_a_restart_and_broken_ones_are_not() {
    let (house, installation) = (House::new(), Installation::at(&["calendar.example.org"]));
    let listening = installation.listens(&house).await;
    let alice = installation.alice();
    let refused = refusal(&caller(listening.address, Arc::clone(&alice))).await;
    assert!(refused.contains("convene certs make --host 127.0.0.1"), "{refused}");
    certs::make(&Order { hosts: vec!["127.0.0.1".to_owned()], ..installation.order.clone() }).unwrap();
    caller(listening.address, Arc::clone(&alice)).echo(&patient(), String::new()).await.unwrap();

    fs::write(installation.folder().certificate(&Holder::Service(Service::Events)), "half a certif").unwrap();
    caller(listening.address, alice).echo(&patient(), String::new()).await.unwrap();
    assert!(installation.service(Service::Events).check().is_err(), "a new start is told");
}

/// Everything that went over one connection, both ways.
async fn overheard(address: SocketAddr, options: ChannelOptions) -> Vec<u8> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let between = listener.local_addr().unwrap();
    let relay = tokio::spawn(async move {
        let (mut near, _) = listener.accept().await.unwrap();
        let mut far = TcpStream::connect(address).await.unwrap();
        let (mut heard, mut ends) = (Vec::new(), false);
        while !ends {
            let (mut one, mut other) = (vec![0; 4_096], vec![0; 4_096]);
            tokio::select! {
                count = near.read(&mut one) => {
                    let bytes = &one[..count.unwrap()];
                    ends = bytes.is_empty();
                    far.write_all(bytes).await.unwrap();
                    heard.extend_from_slice(bytes);
                }
                count = far.read(&mut other) => {
                    let bytes = &other[..count.unwrap()];
                    near.write_all(bytes).await.unwrap();
                    heard.extend_from_slice(bytes);
                }
            }
        }
        heard
    });
    let client = client(Channel::<SampleProtocol>::to(between.to_string(), options));
    let context = Context { credential: alice(), ..patient() };
    client.echo(&context, "a canary password".to_owned()).await.unwrap();
    drop(client);
    relay.await.unwrap()
}

#[tokio::test]
async fn nothing_of_a_call_can_be_overheard() {
    let (house, installation) = (House::new(), Installation::new());
    let hears = |heard: &[u8], word: &[u8]| heard.windows(word.len()).any(|window| window == word);
    let open = listening(&house, ListenOptions::default()).await;
    let heard = overheard(open.address, ChannelOptions::default()).await;
    assert!(hears(&heard, b"a canary password") && hears(&heard, b"convene-rpc"), "the test would hear it");
    let secured = installation.listens(&house).await;
    let heard = overheard(secured.address, as_who(installation.alice())).await;
    assert!(heard.len() > 1_000);
    for word in [&b"canary"[..], b"convene-rpc", b"client alice", b"alice"] {
        assert!(!hears(&heard, word), "{}", String::from_utf8_lossy(word));
    }
}

#[tokio::test]
async fn a_call_lost_under_way_has_an_unknown_outcome_through_tls_too() {
    let (house, installation) = (House::new(), Installation::new());
    let listening = installation.listens(&house).await;
    let client = caller(listening.address, installation.alice());
    let hanging = tokio::spawn({
        let client = Arc::clone(&client);
        async move { client.hang(&patient(), ()).await }
    });
    house.begun(1).await;
    listening.kill().await;
    assert_eq!(hanging.await.unwrap(), Err(Error::Deadline { service: Service::Events }));
    assert!(refusal(&client).await.contains("cannot connect to 127.0.0.1:"));
}

#[test]
fn an_identity_shows_where_it_lies_and_nothing_else() {
    let installation = Installation::new();
    let identity = installation.operator();
    identity.check().unwrap();
    let shown = format!("{identity:?} {:?}", Tls { identity: Some(Arc::clone(&identity)), everywhere: true });
    let key = fs::read_to_string(installation.folder().key(&Holder::Operator)).unwrap();
    let secret = key.lines().nth(1).unwrap();
    assert!(shown.contains("operator.crt") && !shown.contains(secret) && !shown.contains("BEGIN"), "{shown}");
    assert!(installation.temporary.path().starts_with(Path::new("/")));
}
