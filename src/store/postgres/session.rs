//! A connection that answers questions. What is asked at once is sent at once, and answered in that order.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::try_join;
use tokio_postgres::{
    Client, Row, Statement,
    types::{ToSql, Type},
};

use super::connection::Database;
use crate::store::{
    error::StoreError,
    sql::{Param, Sql},
};

/// Statements that the server keeps for a connection. There are some dozens for each length of page that is asked for;
/// where there would be more, all are made anew.
const MAX_PREPARED: usize = 200;

pub(super) struct Session {
    pub(super) client: Client,
    statements: Mutex<HashMap<String, Statement>>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.client.fmt(f)
    }
}

impl Session {
    /// A connection whose statements may take `bound` each.
    pub(super) async fn open(database: &Database, bound: Duration) -> Result<Self, StoreError> {
        let client = database.connect(bound).await?;
        let setting = "SET plan_cache_mode = force_generic_plan";
        client.batch_execute(setting).await?;
        Ok(Self {
            client,
            statements: Mutex::default(),
        })
    }

    /// Begins to read at one moment of the store.
    pub(super) async fn begin(&self) -> Result<(), StoreError> {
        let begin = "START TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
        Ok(self.client.batch_execute(begin).await?)
    }

    pub(super) async fn end(&self) -> Result<(), StoreError> {
        Ok(self.client.batch_execute("COMMIT").await?)
    }

    /// What a statement gives. It is sent when this is first polled, once its plan is known to the server.
    pub(super) async fn rows(&self, sql: &Sql) -> Result<Vec<Row>, StoreError> {
        Ok(match self.prepared(sql).await? {
            Some(statement) => {
                let values: Vec<_> = sql.params.iter().map(value_of).collect();
                self.client.query(&statement, &values).await?
            }
            None => {
                let typed = |param| (value_of(param), type_of(param));
                let typed: Vec<_> = sql.params.iter().map(typed).collect();
                let by_value = "SET LOCAL plan_cache_mode = force_custom_plan";
                let ((), rows) = try_join!(
                    biased;
                    self.client.batch_execute(by_value),
                    self.client.query_typed(&sql.text, &typed),
                )?;
                rows
            }
        })
    }

    /// The same, of a statement that there may be.
    pub(super) async fn rows_of(&self, sql: Option<&Sql>) -> Result<Vec<Row>, StoreError> {
        match sql {
            Some(sql) => self.rows(sql).await,
            None => Ok(Vec::new()),
        }
    }

    /// A statement that the server keeps, since its plan is the same for all values.
    async fn prepared(&self, sql: &Sql) -> Result<Option<Statement>, StoreError> {
        if !sql.has_one_plan {
            return Ok(None);
        }
        let kept = self.statements().get(&sql.text).cloned();
        if kept.is_some() {
            return Ok(kept);
        }
        let types: Vec<_> = sql.params.iter().map(type_of).collect();
        let statement = self.client.prepare_typed(&sql.text, &types).await?;
        let mut statements = self.statements();
        if statements.len() >= MAX_PREPARED {
            statements.clear();
        }
        statements.insert(sql.text.clone(), statement.clone());
        Ok(Some(statement))
    }

    fn statements(&self) -> MutexGuard<'_, HashMap<String, Statement>> {
        self.statements
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn type_of(param: &Param) -> Type {
    match param {
        Param::Integer(_) => Type::INT8,
        Param::Text(_) => Type::TEXT,
        Param::Integers(_) => Type::INT8_ARRAY,
        Param::Texts(_) => Type::TEXT_ARRAY,
    }
}

fn value_of(param: &Param) -> &(dyn ToSql + Sync) {
    match param {
        Param::Integer(number) => number,
        Param::Text(text) => text,
        Param::Integers(numbers) => numbers,
        Param::Texts(texts) => texts,
    }
}
