//! The source of `events` as a trail to follow: each request is sent once, and the token can be read anew.

use std::sync::Arc;

use chrono::Utc;

use crate::{
    api::{Field, Timestamp},
    commands::{
        Context,
        options::{Opened, SourceArgs, read_token},
    },
    config::{Target, TokenSource, Which},
    error::Error,
    follow::{Renewed, Trail},
    query::{Query, Sendable},
    source::{Newest, ReadReport, Reading, Sink, Source, SourceError},
    token::Token,
};

/// An open source, and how to open it again.
pub struct FollowedSource<'a> {
    args: SourceArgs,
    target: &'a Target,
    context: &'a Context,
    opened: Opened,
    /// The token in use; none for a source that takes none, or has one of its own.
    token: Option<Token>,
}

impl<'a> FollowedSource<'a> {
    /// Opens the source; nothing is asked yet.
    pub async fn open(
        args: &SourceArgs,
        target: &'a Target,
        context: &'a Context,
    ) -> Result<Self, Error> {
        // The follower asks again itself, without end and with other words.
        let args = args.asking_once();
        let token = match &target.which {
            Which::Server { token, .. } => Some(read_token(token.as_ref(), context).await?),
            Which::Demo | Which::Store(_) => None,
        };
        let opened = match &token {
            Some(token) => Opened::from(server(&args, target, token, context)?),
            None => args.open(target, context).await?,
        };
        Ok(Self {
            args,
            target,
            context,
            opened,
            token,
        })
    }
}

fn server(
    args: &SourceArgs,
    target: &Target,
    token: &Token,
    context: &Context,
) -> Result<Source, Error> {
    Ok(Source::Server(Arc::new(
        args.client(target, token, context)?,
    )))
}

/// The clock of a store, and of a server that does not tell its own.
fn now() -> Timestamp {
    Timestamp::from(Utc::now())
}

impl Trail for FollowedSource<'_> {
    fn sendable(&self, query: &Query, withheld: &[Field]) -> Sendable {
        self.opened.source.sendable(query, withheld)
    }

    async fn newest(&self, query: &Query, limit: u32) -> Result<Newest, SourceError> {
        self.opened.source.newest(query, limit, now()).await
    }

    async fn read(
        &self,
        reading: &Reading,
        sink: &mut dyn Sink,
    ) -> Result<ReadReport, SourceError> {
        let reading = Reading {
            now: now(),
            ..reading.clone()
        };
        self.opened.source.read(&reading, sink).await
    }

    async fn renew(&mut self) -> Renewed {
        let (Which::Server { token: source, .. }, Some(old)) = (&self.target.which, &self.token)
        else {
            return Renewed::Fixed;
        };
        if matches!(source, Some(TokenSource::Variable(_) | TokenSource::Stdin)) {
            return Renewed::Fixed;
        }
        let opened = match read_token(source.as_ref(), self.context).await {
            Ok(token) if token.expose() == old.expose() => return Renewed::Same,
            Ok(token) => server(&self.args, self.target, &token, self.context)
                .map(|source| (Opened::from(source), token)),
            Err(error) => Err(error),
        };
        match opened {
            Ok((opened, token)) => {
                self.opened = opened;
                self.token = Some(token);
                Renewed::Other
            }
            Err(error) => Renewed::Unreadable(error.to_string()),
        }
    }
}
