//! Why a server cannot be used, in words, and what to do about it.

use crate::database::chain;
use crate::database::url::{Password, Server};
use crate::error::{AppError, ErrorKind};
use crate::tls::{self, Refusal};
use std::error::Error as StdError;
use std::io;
use tokio_postgres::error::SqlState;

/// Why a server cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::database) struct Failure {
    pub reason: String,
    /// Whether another attempt may do better although nobody does anything about it.
    pub may_pass: bool,
    /// What to do, each a sentence.
    pub remedies: Vec<String>,
}

impl Failure {
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), may_pass: false, remedies: Vec::new() }
    }

    /// Makes one that may be over at the next attempt.
    pub fn passing(reason: impl Into<String>) -> Self {
        Self { may_pass: true, ..Self::new(reason) }
    }

    fn remedied(mut self, remedy: impl Into<String>) -> Self {
        self.remedies.push(remedy.into());
        self
    }

    /// Joins what each server said.
    pub fn of_all(mut failures: Vec<(&Server, Self)>) -> Self {
        if failures.len() == 1 {
            return failures.swap_remove(0).1;
        }
        let reasons: Vec<String> =
            failures.iter().map(|(server, failure)| format!("{server}: {}", failure.reason)).collect();
        let may_pass = failures.iter().any(|(_, failure)| failure.may_pass);
        let mut remedies = Vec::new();
        for remedy in failures.into_iter().flat_map(|(_, failure)| failure.remedies) {
            if !remedies.contains(&remedy) {
                remedies.push(remedy);
            }
        }
        Self { reason: reasons.join("; "), may_pass, remedies }
    }

    /// Makes the user's error of it.
    pub fn unavailable(self, label: &str) -> AppError {
        let kind = if self.may_pass { ErrorKind::OutOfReach } else { ErrorKind::Unavailable };
        let error = AppError::new(kind, format!("cannot reach {label}: {}", self.reason));
        if self.remedies.is_empty() {
            return error.hinted("Check that the server runs, and the URL's host, port, user and database.");
        }
        self.remedies.into_iter().fold(error, AppError::hinted)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self { reason: refusal.reason, may_pass: false, remedies: refusal.remedy.into_iter().collect() }
    }
}

/// What was tried.
pub(super) struct Attempt<'a> {
    pub server: &'a Server,
    pub tls: Option<&'a tls::Client>,
    pub password: Option<&'a Password>,
    /// Why a password file was not used.
    pub unused: Option<&'a str>,
}

impl Attempt<'_> {
    /// Says why it failed.
    pub fn failure(&self, error: &tokio_postgres::Error) -> Failure {
        if let Some(database) = error.as_db_error() {
            return self.refused(database);
        }
        if let (Some(inner), Some(client)) = (inner::<rustls::Error>(error), self.tls) {
            return tls::explain(inner, &self.server.host, client).into();
        }
        let text = chain(error);
        if text.contains("does not support TLS") {
            return Failure::new("the server offers no TLS, and sslmode asks for it").remedied(
                "Turn on ssl at the server; or say sslmode=disable if nobody can listen on the way to it.",
            );
        }
        if text.contains("password missing") {
            return self.about_password(Failure::new("the server asks for a password, and there is none"));
        }
        match inner::<io::Error>(error).map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => Failure::passing("connection refused"),
            Some(
                io::ErrorKind::UnexpectedEof
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe,
            ) => self.ended(&text),
            Some(_) => Failure::passing(text),
            None => Failure { may_pass: error.is_closed(), ..Failure::new(text) },
        }
    }

    /// The server hung up. A reason that it gave may have been lost on the way.
    fn ended(&self, text: &str) -> Failure {
        match self.tls {
            Some(client) if text.contains("TLS") => Failure::new(
                "the server ended the connection while TLS was set up",
            )
            .remedied(if client.has_identity {
                "Perhaps it rejects the client certificate (sslcert); its log says why."
            } else {
                "Perhaps it wants a client certificate (sslcert=FILE&sslkey=FILE); its log says why."
            }),
            _ => Failure::passing("the server ended the connection").remedied("Its log says why."),
        }
    }

    fn refused(&self, error: &tokio_postgres::error::DbError) -> Failure {
        let mut reason = error.message().to_owned();
        if let Some(detail) = error.detail() {
            reason = format!("{reason} ({detail})");
        }
        let failure = Failure { may_pass: may_pass(error.code()), ..Failure::new(reason) };
        if *error.code() == SqlState::INVALID_PASSWORD {
            return self.about_password(failure);
        }
        if *error.code() != SqlState::INVALID_AUTHORIZATION_SPECIFICATION {
            return failure;
        }
        let text = error.message();
        if text.contains("client certificate") {
            return failure
                .remedied("Name a certificate that the server knows, and its key: sslcert=FILE&sslkey=FILE");
        }
        if text.contains("no encryption") || text.contains("SSL off") {
            return failure.remedied("The server may let you in with TLS: sslmode=verify-full");
        }
        self.about_password(failure)
    }

    /// Tells where the password comes from, or where it could.
    fn about_password(&self, failure: Failure) -> Failure {
        let failure = failure.remedied(match self.password {
            Some(password) => format!("The password comes from {}.", password.place),
            None => {
                "Put it into ~/.pgpass, a line host:port:database:user:password, or into PGPASSWORD.".into()
            }
        });
        match self.unused {
            Some(unused) => failure.remedied(format!("The password file {unused}.")),
            None => failure,
        }
    }
}

/// Tells whether a server that refuses with this code may think better of it by itself: it starts or stops, or is out of
/// connections or memory. Anything else is about who asks for what.
fn may_pass(code: &SqlState) -> bool {
    ["08", "53", "57P"].iter().any(|class| code.code().starts_with(class))
        && *code != SqlState::DATABASE_DROPPED
}

/// Finds an error of a kind among the causes of one; input and output errors hide theirs.
fn inner<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        let hidden = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match hidden {
            Some(hidden) => Some(hidden),
            None => error.source(),
        };
    }
    None
}
