//! TLS as `sslmode` means it: what is let through, what is refused, and that a refusal says exactly what failed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where it fails")]

mod support;

#[path = "tls/authority.rs"]
mod authority;
#[path = "tls/front.rs"]
mod front;

use authority::{Authority, Time, set_mode, write};
use front::{Demands, Front, Speaks};
use gapdeck::database::Database;
use gapdeck::database::url::Environment;
use gapdeck::error::{AppError, ErrorKind};
use std::path::Path;
use support::binary::Gapdeck;
use support::server::TestDatabase;
use tempfile::TempDir;

const MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// A database, an authority whose certificate lies in a file, and a directory for files.
struct Stage {
    database: TestDatabase,
    authority: Authority,
    directory: TempDir,
}

impl Stage {
    async fn new() -> Self {
        let (authority, directory) = (Authority::new("the authority"), tempfile::tempdir().unwrap());
        write(directory.path(), "ca.pem", &authority.certificate.pem());
        Self { database: TestDatabase::empty().await, authority, directory }
    }

    fn file(&self, name: &str) -> String {
        self.directory.path().join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, text: &str) -> String {
        write(self.directory.path(), name, text).to_str().unwrap().to_owned()
    }

    /// A front with a certificate for localhost.
    async fn good(&self) -> Front {
        let shown = self.authority.server("localhost", Time::Now);
        Front::of(&self.database.url, &shown, Demands::Nothing, Speaks::Tls13).await
    }

    /// Checks that a refusal tells no password.
    fn expect_discreet(&self, said: &str) {
        let url = url::Url::parse(&self.database.url).unwrap();
        if let Some(password) = url.password() {
            assert!(!said.contains(password), "{said}");
        }
    }

    /// Connects; says whether TLS is used up to the front, or what was refused.
    async fn connect(&self, url: &str) -> Result<(), String> {
        connect(url, None).await.map(|_| ()).map_err(|error| {
            let said = told(&error);
            self.expect_discreet(&said);
            said
        })
    }
}

fn told(error: &AppError) -> String {
    format!("{}\n{}", error.message, error.hints.join("\n"))
}

async fn connect(url: &str, home: Option<&Path>) -> Result<Database, AppError> {
    Database::connect_in(&Environment::of([("USER", "ann")], home), url).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_mode_against_every_kind_of_server_does_what_is_documented() {
    let stage = Stage::new().await;
    let url = &stage.database.url;
    let ours = &stage.authority;
    let front = async |signed| Front::of(url, &signed, Demands::Nothing, Speaks::Tls13).await;
    let fronts = [
        ("good", front(ours.server("localhost", Time::Now)).await, ""),
        (
            "unknown authority",
            front(Authority::new("another").server("localhost", Time::Now)).await,
            "signed by an unknown authority",
        ),
        (
            "wrong name",
            front(ours.server("db.example.com", Time::Now)).await,
            "is for db.example.com, not for localhost",
        ),
        ("expired", front(ours.server("localhost", Time::Past)).await, "expired on 2021-01-01"),
        (
            "not yet valid",
            front(ours.server("localhost", Time::Future)).await,
            "is not valid before 2080-01-01",
        ),
    ];
    for mode in MODES {
        let query = format!("sslmode={mode}&sslrootcert={}", stage.file("ca.pem"));
        for (kind, front, refusal) in &fronts {
            let result = stage.connect(&front.url("localhost", &query)).await;
            let is_let_through =
                refusal.is_empty() || mode == "disable" || (mode == "verify-ca" && *kind == "wrong name");
            match result {
                Ok(()) => assert!(is_let_through, "{mode} lets a server through: {kind}"),
                Err(said) => {
                    assert!(!is_let_through, "{mode} refuses a server ({kind}): {said}");
                    assert!(said.contains(refusal), "{mode}, {kind}: {said}");
                }
            }
        }
        // No TLS at all.
        let plain = stage.connect(&format!("{url}?{query}")).await;
        if ["disable", "allow", "prefer"].contains(&mode) {
            plain.unwrap_or_else(|said| panic!("{mode} wants TLS: {said}"));
        } else {
            let said = plain.expect_err("TLS or nothing");
            assert!(
                said.contains("the server offers no TLS") && said.contains("sslmode=disable"),
                "{mode}: {said}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_tls_is_there_it_is_used_and_a_front_in_both_versions_and_ways_works() {
    let stage = Stage::new().await;
    let shown = stage.authority.server("localhost", Time::Now);
    let trust = format!("sslrootcert={}", stage.file("ca.pem"));
    for (speaks, version) in [(Speaks::Tls12, "TLSv1.2"), (Speaks::Tls13, "TLSv1.3")] {
        let front = Front::of(&stage.database.url, &shown, Demands::Nothing, speaks).await;
        for way in ["sslnegotiation=postgres", "sslnegotiation=direct", "sslsni=0"] {
            let query = format!("{trust}&sslmode=verify-full&{way}&ssl_min_protocol_version={version}");
            stage
                .connect(&front.url("localhost", &query))
                .await
                .unwrap_or_else(|said| panic!("{query}: {said}"));
        }
    }
    let old = Front::of(&stage.database.url, &shown, Demands::Nothing, Speaks::Tls12).await;
    let said = stage
        .connect(&old.url("localhost", &format!("{trust}&sslmode=require&ssl_min_protocol_version=TLSv1.3")))
        .await
        .expect_err("no common version");
    assert!(said.contains("version of TLS"), "{said}");
    // Verified although only preferred: it would not be if TLS were not used.
    let front = stage.good().await;
    let said =
        stage.connect(&front.url("localhost", "sslmode=prefer")).await.expect_err("an unknown authority");
    assert!(
        said.contains("unknown authority; trusted are the authorities of this system")
            || said.contains("no root certificates"),
        "{said}"
    );
    assert!(said.contains("sslrootcert=FILE"), "{said}");
    let said =
        stage.connect(&front.url("localhost", "sslrootcert=system")).await.expect_err("an unknown authority");
    assert!(said.contains("unknown authority"), "{said}");
    // The address itself is no name of the certificate's.
    let said = stage.connect(&front.url("127.0.0.1", &trust)).await.expect_err("a wrong name");
    assert!(said.contains("is for localhost, not for 127.0.0.1"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_certificate_is_shown_where_one_is_demanded_and_a_refusal_says_what_is_wrong_with_it() {
    let stage = Stage::new().await;
    let clients = Authority::new("the clients' authority");
    let shown = stage.authority.server("localhost", Time::Now);
    let (ann, eve) = (clients.client("ann"), Authority::new("another").client("eve"));
    for (name, signed) in [("ann", &ann), ("eve", &eve)] {
        stage.write(&format!("{name}.crt"), &signed.certificate.pem());
        stage.write(&format!("{name}.key"), &signed.key.serialize_pem());
    }
    let trust = format!("sslmode=verify-full&sslrootcert={}", stage.file("ca.pem"));
    let pair = |certificate: &str, key: &str| {
        format!("{trust}&sslcert={}&sslkey={}", stage.file(certificate), stage.file(key))
    };
    for speaks in [Speaks::Tls12, Speaks::Tls13] {
        let front = Front::of(&stage.database.url, &shown, Demands::CertificateOf(&clients), speaks).await;
        stage
            .connect(&front.url("localhost", &pair("ann.crt", "ann.key")))
            .await
            .expect("the right certificate");
        let said = stage.connect(&front.url("localhost", &trust)).await.expect_err("no certificate");
        assert!(
            said.contains("the server wants a client certificate") && said.contains("sslcert=FILE"),
            "{said}"
        );
        let said = stage
            .connect(&front.url("localhost", &pair("eve.crt", "eve.key")))
            .await
            .expect_err("a wrong one");
        assert!(said.contains("rejects the client certificate: it does not know its authority"), "{said}");
        // libpq's places for them, and not to show them at all.
        let home = tempfile::tempdir().unwrap();
        let files = home.path().join(".postgresql");
        std::fs::create_dir(&files).unwrap();
        for (from, to) in
            [("ca.pem", "root.crt"), ("ann.crt", "postgresql.crt"), ("ann.key", "postgresql.key")]
        {
            std::fs::copy(stage.file(from), files.join(to)).unwrap();
        }
        connect(&front.url("localhost", "sslmode=verify-full"), Some(home.path())).await.expect("by default");
        let hidden = front.url("localhost", "sslmode=verify-full&sslcertmode=disable");
        let said = told(&connect(&hidden, Some(home.path())).await.expect_err("not shown"));
        assert!(said.contains("wants a client certificate"), "{said}");
    }

    // Files that cannot be used are told before anything is tried.
    let front = stage.good().await;
    let refused = async |query: String| {
        let error = connect(&front.url("localhost", &query), None).await.expect_err("unusable files");
        assert_eq!(error.kind, ErrorKind::Input, "{error:?}");
        told(&error)
    };
    let said = refused(pair("ann.crt", "eve.key")).await;
    assert!(said.contains("eve.key is not that of the certificate"), "{said}");
    let said = refused(pair("none.crt", "ann.key")).await;
    assert!(said.contains("sslcert") && said.contains("none.crt: No such file"), "{said}");
    let said = refused(pair("ann.crt", "none.key")).await;
    assert!(said.contains("sslkey") && said.contains("none.key: No such file"), "{said}");
    let said = refused(pair("ann.crt", "ann.crt")).await;
    assert!(said.contains("it holds no private key in PEM"), "{said}");
    let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    stage.write("locked.key", locked);
    let said = refused(pair("ann.crt", "locked.key")).await;
    assert!(said.contains("a passphrase protects it") && said.contains("openssl pkey"), "{said}");
    set_mode(&stage.directory.path().join("ann.key"), 0o644);
    let said = refused(pair("ann.crt", "ann.key")).await;
    assert!(cfg!(not(unix)) || (said.contains("others may read it") && said.contains("chmod 600")), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_with_authorities_and_revocations_are_checked_and_named() {
    let stage = Stage::new().await;
    let front = stage.good().await;
    stage.write("garbage.pem", "-----BEGIN CERTIFICATE-----\nnothing\n");
    stage.write("empty.pem", "");
    let one = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    stage.write("none.pem", one);
    for mode in ["prefer", "verify-full"] {
        for (file, told) in [
            ("missing.pem", "No such file"),
            ("garbage.pem", "it is no PEM file"),
            ("empty.pem", "it holds no certificate"),
            ("none.pem", "no certificate in it can be read"),
        ] {
            let query = format!("sslmode={mode}&sslrootcert={}", stage.file(file));
            let said = stage.connect(&front.url("localhost", &query)).await.expect_err("an unusable file");
            assert!(said.contains("sslrootcert") && said.contains(file) && said.contains(told), "{said}");
        }
        let query = format!("sslmode=disable&sslrootcert={}", stage.file("missing.pem"));
        stage.connect(&front.url("localhost", &query)).await.expect("no TLS, no files");
    }
    stage.write("revoked.pem", &stage.authority.revoked(&[1]));
    stage.write("others.pem", &stage.authority.revoked(&[7]));
    let list = |file: &str| {
        let (roots, list) = (stage.file("ca.pem"), stage.file(file));
        front.url("localhost", &format!("sslmode=verify-full&sslrootcert={roots}&sslcrl={list}"))
    };
    stage.connect(&list("others.pem")).await.expect("not revoked");
    let said = stage.connect(&list("revoked.pem")).await.expect_err("revoked");
    assert!(said.contains("has been revoked"), "{said}");
    let said = stage.connect(&list("missing.pem")).await.expect_err("no list");
    assert!(said.contains("sslcrl") && said.contains("missing.pem"), "{said}");
    // An authority's own certificate is no server's.
    let shown = stage.authority.as_server();
    let front = Front::of(&stage.database.url, &shown, Demands::Nothing, Speaks::Tls13).await;
    let query = format!("sslmode=verify-ca&sslrootcert={}", stage.file("ca.pem"));
    let said = stage.connect(&front.url("localhost", &query)).await.expect_err("an authority's certificate");
    assert!(said.contains("is that of an authority itself"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_binary_tells_a_refusal_without_the_password_and_ends_with_the_documented_code() {
    let stage = Stage::new().await;
    let front = stage.good().await;
    let url = front.url("localhost", "sslmode=verify-full");
    let ask = |url: &str, code| {
        let said = Gapdeck::new().fails(code, &["queue", "--json", "--database-url", url]);
        stage.expect_discreet(&said);
        said
    };
    let said = ask(&url, 4);
    assert!(said.contains("signed by an unknown authority") && said.contains("sslrootcert=FILE"), "{said}");
    let said = ask(&format!("{url}&sslrootcert=/nowhere.pem"), 3);
    assert!(said.contains("sslrootcert /nowhere.pem"), "{said}");
    let said = ask(&format!("{}?sslmode=require", stage.database.url), 4);
    assert!(said.contains("offers no TLS"), "{said}");
    let said = ask(&format!("{}?sslmode=sometimes", stage.database.url), 3);
    assert!(said.contains("sslmode in the URL"), "{said}");
    // The same by variables.
    let mut command = Gapdeck::new().command(&["queue", "--json", "--database-url", &stage.database.url]);
    let output = command.env("PGSSLMODE", "require").output().expect("run gapdeck");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("offers no TLS"), "{said}");
}
