use super::*;
use proptest::prelude::*;
use std::net::IpAddr;
use std::path::Path;

fn nothing() -> Environment {
    Environment::of([], None)
}

fn parsed(url: &str) -> Target {
    Target::parse(url, &nothing()).unwrap()
}

fn servers(target: &Target) -> Vec<String> {
    target.servers.iter().map(ToString::to_string).collect()
}

fn refused(url: &str, variables: &[(&str, &str)]) -> String {
    let error = Target::parse(url, &Environment::of(variables.iter().copied(), None)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Input);
    format!("{} {:?}", error.message, error.hints)
}

#[test]
fn libpq_parameters_are_understood() {
    let target = parsed(
        "postgresql://ann:s3c%20ret@db.example.com:6543/cat?sslmode=verify-full&sslrootcert=%2Fca.pem&application_name=a%20b+c",
    );
    assert_eq!(target.config.get_ssl_mode(), SslMode::Require);
    let tls = target.tls.clone().unwrap();
    assert_eq!(tls.roots, Roots::File { path: "/ca.pem".into(), is_named: true });
    assert_eq!(tls.names, Names::Verified);
    assert_eq!(target.config.get_application_name(), Some("a b+c"));
    assert_eq!(target.config.get_user(), Some("ann"));
    assert_eq!(target.password.clone().unwrap().text, "s3c ret");
    assert_eq!(target.label(), "cat on db.example.com");
    assert_eq!(servers(&target), ["db.example.com:6543"]);
    let target = parsed(
        "postgres://h/cat?user=ann%40tenant&connect_timeout=3&tcp_user_timeout=1500&keepalives_count=7&keepalives=0",
    );
    assert_eq!(target.config.get_user(), Some("ann@tenant"));
    assert_eq!(target.patience, Some(Duration::from_secs(3)));
    assert_eq!(target.config.get_tcp_user_timeout(), Some(&Duration::from_millis(1500)), "libpq's unit");
    assert_eq!(target.config.get_keepalives_retries(), Some(7));
    assert!(!target.config.get_keepalives());
    assert_eq!(parsed("postgres://h/cat?connect_timeout=0").patience, None);
}

#[test]
fn several_hosts_have_their_own_ports_addresses_and_brackets() {
    assert_eq!(servers(&parsed("postgres://a:1,b,[::1]:3/cat")), ["a:1", "b:5432", "[::1]:3"]);
    assert_eq!(servers(&parsed("postgres://a,b:7/cat")), ["a:5432", "b:7"]);
    assert_eq!(servers(&parsed("postgres:///cat?host=a,b&port=9")), ["a:9", "b:9"]);
    assert_eq!(servers(&parsed("postgres://%2Frun%2Fpg/cat")), ["/run/pg:5432"]);
    let both = parsed("postgres://a,b/cat?hostaddr=10.0.0.1,::1").servers;
    assert_eq!(both[0].address, Some(IpAddr::from([10, 0, 0, 1])));
    assert_eq!(both[1].address, Some("::1".parse().unwrap()));
    let only = parsed("postgres:///cat?hostaddr=10.0.0.1").servers;
    assert_eq!((only[0].host.as_str(), only[0].port), ("10.0.0.1", 5432));
    assert_eq!(servers(&parsed("postgres:///cat")), ["localhost:5432"]);
    assert!(
        refused("postgres://a,b,c/cat?hostaddr=10.0.0.1,10.0.0.2", &[])
            .contains("host has 3 entries and hostaddr 2")
    );
    assert!(refused("postgres:///cat?host=a,b,c&port=1,2", &[]).contains("host has 3 entries and port 2"));
    assert!(refused("postgres://a/cat?hostaddr=somewhere", &[]).contains("hostaddr in the URL"));
}

#[test]
fn the_environment_fills_in_what_the_url_leaves_out() {
    let environment = Environment::of(
        [
            ("PGHOST", "one,two"),
            ("PGHOSTADDR", "10.0.0.1,10.0.0.2"),
            ("PGPORT", "6543"),
            ("PGUSER", "ann"),
            ("PGDATABASE", "cat"),
            ("PGPASSWORD", "s3cret"),
            ("PGPASSFILE", "/pass"),
            ("PGSSLMODE", "verify-ca"),
            ("PGSSLROOTCERT", "/ca.pem"),
            ("PGSSLCERT", "/ann.crt"),
            ("PGSSLKEY", "/ann.key"),
            ("PGTARGETSESSIONATTRS", "read-write"),
            ("PGCONNECT_TIMEOUT", "4"),
            ("PGAPPNAME", "desk"),
            ("PGOPTIONS", "-c statement_timeout=5s"),
            ("USER", "login"),
        ],
        Some(Path::new("/home/ann")),
    );
    let all = Target::parse("postgres://", &environment).unwrap();
    assert_eq!(servers(&all), ["one:6543", "two:6543"]);
    assert_eq!(all.servers[1].address, Some(IpAddr::from([10, 0, 0, 2])));
    assert_eq!(all.config.get_user(), Some("ann"));
    assert_eq!(all.database(), "cat");
    let password = all.password.clone().unwrap();
    assert_eq!(
        (password.text.as_str(), password.place.as_str()),
        ("s3cret", "PGPASSWORD in the environment")
    );
    assert_eq!(all.passfile, Some(Passfile { path: "/pass".into(), is_named: true }));
    assert_eq!(all.config.get_ssl_mode(), SslMode::Require);
    let tls = all.tls.clone().unwrap();
    assert_eq!(tls.names, Names::Any);
    assert_eq!(tls.roots, Roots::File { path: "/ca.pem".into(), is_named: true });
    let identity = tls.identity.unwrap();
    assert_eq!((identity.certificate, identity.key), ("/ann.crt".into(), "/ann.key".into()));
    assert_eq!(all.wanted, Wanted::ReadWrite);
    assert_eq!(all.patience, Some(Duration::from_secs(4)));
    assert_eq!(all.config.get_application_name(), Some("desk"));
    assert_eq!(all.config.get_options(), Some("-c statement_timeout=5s"));

    let own = "postgres://bob:other@here:1/dog?sslmode=disable&target_session_attrs=any&connect_timeout=9&application_name=x&options=-c%20work_mem%3D1MB&passfile=/mine";
    let own = Target::parse(own, &environment).unwrap();
    assert_eq!(servers(&own), ["here:1"]);
    assert_eq!(own.servers[0].address, None, "an address belongs to the host beside it");
    assert_eq!((own.config.get_user(), own.database()), (Some("bob"), "dog"));
    assert_eq!(own.password.clone().unwrap().text, "other");
    assert!(own.tls.is_none());
    assert_eq!((own.wanted, own.patience), (Wanted::Any, Some(Duration::from_secs(9))));
    assert_eq!(own.config.get_options(), Some("-c work_mem=1MB"));
    assert_eq!(own.passfile, Some(Passfile { path: "/mine".into(), is_named: true }));

    let bare = Environment::of([("USER", "login"), ("PGHOST", "")], Some(Path::new("/home/ann")));
    let bare = Target::parse("postgres://", &bare).unwrap();
    assert_eq!(servers(&bare), ["localhost:5432"], "an empty variable says nothing");
    assert_eq!((bare.config.get_user(), bare.database()), (Some("login"), "login"));
    assert_eq!(bare.passfile, Some(Passfile { path: "/home/ann/.pgpass".into(), is_named: false }));
    let tls = bare.tls.unwrap();
    assert_eq!(tls.roots, Roots::File { path: "/home/ann/.postgresql/root.crt".into(), is_named: false });
}

#[test]
fn a_replica_is_not_asked_to_be_what_the_environment_wants_of_the_primary() {
    let environment = Environment::of([("PGTARGETSESSIONATTRS", "read-write"), ("PGUSER", "ann")], None);
    let replica = Target::replica("postgres://standby/cat", &environment).unwrap();
    assert_eq!((replica.wanted, replica.config.get_user()), (Wanted::Any, Some("ann")));
    let replica =
        Target::replica("postgres://standby/cat?target_session_attrs=standby", &environment).unwrap();
    assert_eq!(replica.wanted, Wanted::Standby);
}

#[test]
fn no_message_and_no_debug_text_holds_the_password() {
    let environment = Environment::of([("PGPASSWORD", "s3cret")], None);
    assert!(!format!("{environment:?}").contains("s3cret"));
    for url in
        ["postgres://ann:s3cret@localhost/cat", "postgres://localhost/cat", "postgres:///?password=s3cret"]
    {
        let target = Target::parse(url, &environment).unwrap();
        assert_eq!(target.password.clone().unwrap().text, "s3cret");
        assert!(!format!("{target:?}").contains("s3cret"));
    }
    for url in [
        "postgres://ann:s3cret@localhost:port/cat",
        "postgres://ann:s3cret@localhost/cat?sslmode=no",
        "postgres://ann:pass/s3cret@localhost/cat",
        "postgres://ann:pass@s3cret@localhost/cat",
        "postgres://ann:pass?s3cret@localhost/cat",
        "postgres://ann:pass?s3cret=1@localhost/cat",
        "postgres://ann:s3cret?x@localhost/cat",
        "postgres://ann:pass:s3cret/cat",
        "postgres://ann:%s3cret@localhost/cat",
        "postgres://ann:s3cret@[::1/cat",
        "postgres://localhost/cat?sslpassword=s3cret",
        "postgres://localhost/cat?password=s3cret&nonsense=1",
        "mysql://ann:s3cret@x",
    ] {
        let said = refused(url, &[]);
        assert!(!said.contains("s3cret"), "{said}");
    }
}

#[test]
fn what_cannot_be_used_is_told_with_the_parameter_or_variable_it_stands_in() {
    for (url, told) in [
        (
            "postgres://h/c?sslmode=maybe",
            "sslmode in the URL: \"maybe\" is not one of disable, allow, prefer",
        ),
        ("postgres://h/c?connect_timeout=soon", "connect_timeout in the URL: \"soon\" is not a whole number"),
        (
            "postgres://h/c?target_session_attrs=master",
            "any, read-write, read-only, primary, standby, prefer-standby",
        ),
        ("postgres://h/c?ssl_mode=require", "the parameter ssl_mode is not known"),
        ("postgres://h/c?sslmode", "without a ="),
        ("postgres://h:70000/c", "a port is not a number"),
        ("postgres://h/c?port=x", "port in the URL: a port is not a number"),
        ("postgres://[::1/c", "lacks its ]"),
        ("postgres://h/%zz", "the database's name has a %"),
        ("postgres://h/c?sslrootcert=system&sslmode=require", "takes sslmode=verify-full"),
        ("postgres://h/c?sslnegotiation=direct", "sslnegotiation=direct takes"),
        ("postgres://h/c?ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=TLSv1.2", "is above"),
        ("postgres://h/c?require_auth=scram-sha-256", "is not possible"),
        ("postgres://h/c?gssencmode=require", "is not possible"),
        ("postgres://h/c?client_encoding=LATIN1", "is not possible"),
        ("postgres://h/c?service=x", "no service file"),
    ] {
        let said = refused(url, &[]);
        assert!(said.contains(told), "{url}: {said}");
    }
    for (variable, value) in [
        ("PGSSLMODE", "maybe"),
        ("PGPORT", "x"),
        ("PGCONNECT_TIMEOUT", "soon"),
        ("PGTARGETSESSIONATTRS", "master"),
        ("PGREQUIREAUTH", "none"),
        ("PGCHANNELBINDING", "perhaps"),
    ] {
        let said = refused("postgres:///c", &[(variable, value)]);
        assert!(said.contains(&format!("{variable} in the environment")), "{said}");
    }
}

#[test]
fn each_mode_says_whether_tls_is_used_and_what_is_verified() {
    let mode = |url: &str| {
        let target = parsed(url);
        (target.config.get_ssl_mode(), target.tls.map(|tls| tls.names))
    };
    assert_eq!(mode("postgres://h/c"), (SslMode::Prefer, Some(Names::Verified)));
    for (word, ssl_mode, names) in [
        ("disable", SslMode::Disable, None),
        ("allow", SslMode::Prefer, Some(Names::Verified)),
        ("prefer", SslMode::Prefer, Some(Names::Verified)),
        ("require", SslMode::Require, Some(Names::Verified)),
        ("verify-ca", SslMode::Require, Some(Names::Any)),
        ("verify-full", SslMode::Require, Some(Names::Verified)),
    ] {
        assert_eq!(mode(&format!("postgres://h/c?sslmode={word}")), (ssl_mode, names), "{word}");
    }
    assert_eq!(mode("postgres://h/c?ssl=true").0, SslMode::Require);
    assert_eq!(mode("postgres://h/c?sslrootcert=system").0, SslMode::Require);
    assert_eq!(parsed("postgres://h/c?sslrootcert=system").tls.unwrap().roots, Roots::System);
    assert_eq!(
        parsed("postgres://h/c?ssl_max_protocol_version=TLSv1.2").tls.unwrap().versions,
        Versions::Only12
    );
    let hidden = Target::parse(
        "postgres://h/c?sslcertmode=disable",
        &Environment::of([], Some(Path::new("/home/ann"))),
    );
    assert!(hidden.unwrap().tls.unwrap().identity.is_none());
}

#[test]
fn a_server_that_vanished_is_noticed_within_seconds_unless_told_otherwise() {
    let target = parsed("postgres://h/c");
    assert_eq!(target.config.get_tcp_user_timeout(), Some(&UNACKNOWLEDGED));
    assert!(target.config.get_keepalives() && target.config.get_keepalives_idle() == SILENCE);
    let own = parsed("postgres://h/c?keepalives_idle=60&keepalives_interval=9");
    assert_eq!(own.config.get_keepalives_idle(), Duration::from_secs(60));
    assert_eq!(own.config.get_keepalives_interval(), Some(Duration::from_secs(9)));
}

proptest! {
    #[test]
    fn whatever_is_written_nothing_panics_and_no_error_repeats_a_password(password in "[ -~]{8,24}", junk in ".{0,40}") {
        for url in [
            format!("postgres://ann:{password}@host/cat"),
            format!("postgres://ann:{password}@host:1,[::2]:3/cat?{junk}"),
            format!("postgres://host/cat?user=ann&{junk}&password={password}"),
        ] {
            match Target::parse(&url, &nothing()) {
                Ok(target) => {
                    let shown = format!("{target:?}");
                    prop_assert!(!shown.contains(&password));
                }
                Err(error) => prop_assert!(!error.message.contains(&password), "{}", error.message),
            }
        }
        let _ = Target::parse(&junk, &nothing());
        let _ = Target::parse(&format!("postgres://{junk}"), &nothing());
    }
}
