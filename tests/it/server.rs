//! The server over real connections, where the contract leaves off: hostile values and faults of the store.

use auditlog::{
    api::{AUDIT_EVENT_PATH, Draft},
    store::{Store, Writer},
};

use crate::support::{
    Home,
    events::oldest_first,
    served::{ALL, Served, draft, ids, store_of},
};

#[tokio::test]
async fn a_head_is_a_get_without_its_body() {
    let served = Served::start(store_of(&oldest_first(3))).await;
    let target = format!("{AUDIT_EVENT_PATH}?{ALL}");
    let (get, head) = (
        served.request("GET", &target).await,
        served.request("HEAD", &target).await,
    );
    assert_eq!(head.body, "");
    assert_eq!(head.status, 200);
    assert_eq!(head.header("content-length"), get.header("content-length"));
    assert!(get.body.len() > 100);
    served.stop().await;
}

#[tokio::test]
async fn what_is_not_there_is_a_whole_problem() {
    let served = Served::start(Store::in_memory().unwrap()).await;
    for (method, target, inside) in [
        ("GET", "/", "/"),
        (
            "GET",
            "/api/audit-log/v1/audit-event//",
            "/v1/audit-event//",
        ),
        (
            "GET",
            "/api/audit-log/v1/audit%2Devent",
            "/v1/audit%2Devent",
        ),
        (
            "DELETE",
            "/api/audit-log/v1/audit-event?x=1",
            "/v1/audit-event?x=1",
        ),
    ] {
        let answer = served.request(method, target).await;
        let expected = format!(
            r#"{{"error":{{"name":"NotFoundError","message":"There is nothing here"}},"request":{{"method":"{method}","url":"{inside}"}},"response":{{"statusCode":404}}}}"#
        );
        assert_eq!((answer.status, answer.body), (404, expected), "{target}");
    }
    served.stop().await;
}

#[tokio::test]
async fn hostile_values_are_only_values() {
    let hostile = [
        "' OR 1=1 --",
        "\0",
        "a\0b",
        "\u{1}",
        "%",
        "_",
        "*",
        "\\",
        "\u{fffd}",
        "😀",
        "<script>",
        "\r\nX: y",
        "a,b",
    ];
    let actors = hostile.iter().enumerate().map(|(number, actor)| Draft {
        actor_id: Some((*actor).to_owned()),
        ..draft(&number.to_string(), "2026-01-01T00:00:00Z")
    });
    let events: Vec<_> = actors.map(|draft| draft.into_event().unwrap()).collect();
    let served = Served::start(store_of(&events)).await;
    for (number, actor) in hostile.iter().enumerate() {
        let encoded: String = actor.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let target = format!("{AUDIT_EVENT_PATH}?{ALL}&actor_id={encoded}");
        assert_eq!(
            ids(&served.request("GET", &target).await),
            number.to_string(),
            "{actor:?}"
        );
    }
    // Bytes that are no UTF-8 become U+FFFD, as in a Backstage.
    let broken = served
        .request("GET", &format!("{AUDIT_EVENT_PATH}?{ALL}&actor_id=%FF"))
        .await;
    assert_eq!(ids(&broken), "8");
    let many = "severity_level=low&".repeat(700);
    let many = served
        .request(
            "GET",
            &format!("{AUDIT_EVENT_PATH}?{many}{ALL}&limit=1&actor_id=%25"),
        )
        .await;
    assert_eq!(ids(&many), "4");
    served.stop().await;
}

#[tokio::test]
async fn a_broken_store_is_not_explained_to_the_client() {
    let home = Home::new();
    let path = home.path("store.db");
    Writer::open(&path)
        .unwrap()
        .append(&oldest_first(1), None)
        .unwrap();
    let served = Served::start(Store::open(&path).unwrap()).await;
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch("DROP TABLE events").unwrap();
    let answer = served.request("GET", AUDIT_EVENT_PATH).await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (
            500,
            r#"{"error":{"name":"Error","message":"An internal error occurred"},"request":{"method":"GET","url":"/v1/audit-event"},"response":{"statusCode":500}}"#
        )
    );
    served.stop().await;
}
