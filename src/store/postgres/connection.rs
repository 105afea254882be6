//! Connections to a database: their settings, whether it holds a store, and making one of it.

use std::{fmt, sync::Arc, time::Duration};

use tokio_postgres::{Client, Config, GenericClient};

use super::tls::Tls;
use crate::{
    address::{DatabaseUrl, StoreAddress},
    store::error::{StoreError, reasons},
};

/// What makes version n of a store out of version n − 1.
const MIGRATIONS: [&str; 1] = [include_str!("migrations/0001_events.sql")];
/// Newest version that this program knows.
const VERSION: i64 = MIGRATIONS.len() as i64;
/// Oldest server that does all that is asked of it.
const OLDEST: i64 = 13;
/// Held while tables are made, by one program at a time: "alog".
const MIGRATING: i64 = 0x616c_6f67;
/// How long a statement waits for another program.
const BUSY: Duration = Duration::from_secs(10);
/// How long a program that stands still may hold up others.
const STANDSTILL: Duration = Duration::from_secs(30);

/// A database that is to be connected to.
#[derive(Clone)]
pub(super) struct Database {
    address: StoreAddress,
    config: Arc<Config>,
    tls: Tls,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The configuration holds a password.
        f.debug_tuple("Database").field(&self.address).finish()
    }
}

impl Database {
    pub(super) fn new(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let address = StoreAddress::Database(url.clone());
        match super::address::read(url) {
            Ok((config, tls)) => Ok(Self {
                address,
                config: Arc::new(config),
                tls,
            }),
            Err(reason) => Err(StoreError::CannotOpen {
                store: address,
                reason,
            }),
        }
    }

    pub(super) fn tls(&self) -> Tls {
        self.tls.clone()
    }

    /// A connection whose statements may take `bound` each.
    pub(super) async fn connect(&self, bound: Duration) -> Result<Client, StoreError> {
        let connected = self.config.connect(self.tls.clone()).await;
        let (client, connection) = connected.map_err(|error| self.cannot_connect(&error))?;
        // Ends with the client, or says by its end that the server has gone.
        tokio::spawn(connection);
        // To start helpers, or a compiler, takes longer than any question that an index answers.
        let settings = format!(
            "SET search_path = auditlog, pg_catalog; SET statement_timeout = {}; SET lock_timeout = {}; \
             SET idle_in_transaction_session_timeout = {}; SET jit = off; \
             SET max_parallel_workers_per_gather = 0; \
             SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
            bound.as_millis().min(i32::MAX as u128),
            BUSY.as_millis(),
            STANDSTILL.as_millis(),
        );
        client.batch_execute(&settings).await?;
        Ok(client)
    }

    fn cannot_connect(&self, error: &tokio_postgres::Error) -> StoreError {
        let reason = match error.as_db_error() {
            Some(said) => said.message().to_owned(),
            None => reasons(error),
        };
        let said = error.as_db_error().map(|said| said.code().code());
        let passes = match said {
            Some(code) => code.starts_with("57P") || code == "53300",
            None => is_network(error),
        };
        match passes {
            true => StoreError::Away(format!("{}: {reason}", self.address)),
            false => StoreError::CannotOpen {
                store: self.address.clone(),
                reason,
            },
        }
    }

    /// Makes a store of the database where there is none; an older one becomes one of the newest version.
    pub(super) async fn prepare(
        &self,
        client: &mut Client,
        create: bool,
    ) -> Result<(), StoreError> {
        match self.version(client).await? {
            Some(VERSION) => return Ok(()),
            None if !create => return Err(StoreError::NotFound(self.address.clone())),
            _ => {}
        }
        let transaction = client.transaction().await?;
        transaction
            .execute("SELECT pg_advisory_xact_lock($1)", &[&MIGRATING])
            .await?;
        // Once more, because another program may have been faster.
        let found = self.version(&transaction).await?.unwrap_or_default();
        if found == 0 {
            transaction
                .batch_execute(
                    "CREATE SCHEMA IF NOT EXISTS auditlog; CREATE TABLE version (version bigint NOT NULL)",
                )
                .await?;
        }
        for migration in MIGRATIONS
            .iter()
            .skip(usize::try_from(found).unwrap_or_default())
        {
            transaction.batch_execute(migration).await?;
        }
        transaction.execute("DELETE FROM version", &[]).await?;
        transaction
            .execute("INSERT INTO version VALUES ($1)", &[&VERSION])
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The version of the store; none where there is none.
    async fn version(&self, client: &impl GenericClient) -> Result<Option<i64>, StoreError> {
        let row = client
            .query_one(
                "SELECT current_setting('server_version_num')::bigint / 10000, \
                 current_setting('server_encoding'), \
                 (SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('auditlog')), \
                 to_regclass('auditlog.version') IS NOT NULL",
                &[],
            )
            .await?;
        let (server, encoding, objects): (i64, String, i64) = (row.get(0), row.get(1), row.get(2));
        let unfit = |reason: String| StoreError::CannotOpen {
            store: self.address.clone(),
            reason,
        };
        if server < OLDEST {
            return Err(unfit(format!(
                "it is PostgreSQL {server}; {OLDEST} or later is needed"
            )));
        }
        if encoding != "UTF8" {
            return Err(unfit(format!("its encoding is {encoding}; UTF8 is needed")));
        }
        if !row.get::<_, bool>(3) {
            // A schema that is empty may have been made for us.
            return match objects {
                0 => Ok(None),
                _ => Err(StoreError::NotAStore(self.address.clone())),
            };
        }
        let found = client
            .query_one("SELECT max(version)::bigint FROM auditlog.version", &[])
            .await?;
        match found.try_get::<_, Option<i64>>(0)? {
            Some(found) if found > VERSION => Err(StoreError::TooNew {
                found,
                known: VERSION,
            }),
            Some(found) if found > 0 => Ok(Some(found)),
            _ => Err(StoreError::NotAStore(self.address.clone())),
        }
    }
}

/// Whether the network failed, and not what was said over it.
fn is_network(error: &tokio_postgres::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return io.kind() != std::io::ErrorKind::InvalidData;
        }
        cause = error.source();
    }
    error.is_closed()
}
