//! `backend.auth.externalAccess`: static tokens, and what each may.

use secrecy::ExposeSecret;

use super::view::View;
use crate::{
    api::{AUDIT_LOG_PLUGIN, READ_PERMISSION, WRITE_PERMISSION},
    token::{Token, TokenHash},
};

/// A token that opens the server.
#[derive(Clone, Debug, PartialEq)]
pub struct StaticToken {
    /// What is kept of the token.
    pub hash: TokenHash,
    /// Who its bearer is.
    pub subject: String,
    /// What it may; none where it may do everything.
    pub restrictions: Option<Vec<Restriction>>,
}

/// What a token may do with one plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restriction {
    /// The plugin.
    pub plugin: String,
    /// The permissions; none where any will do.
    pub permissions: Option<Vec<String>>,
    /// The actions of permissions; none where any will do.
    pub actions: Option<Vec<Action>>,
}

/// What a permission is a permission to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names say it")]
pub enum Action {
    Create,
    Read,
    Update,
    Delete,
}

/// The tokens of the list. Backstage knows other types of access, which need other services.
pub(super) fn tokens(list: &View) -> Vec<StaticToken> {
    list.items().iter().filter_map(entry).collect()
}

fn entry(entry: &View) -> Option<StaticToken> {
    // Mistyped or empty, it would leave a token that may do everything.
    entry.refuse_empty("accessRestrictions");
    entry.refuse_slips_of("accessRestrictions");
    let kind = entry.required("type")?.text()?;
    if kind != "static" {
        entry.warning(format!(
            "{} is not of type 'static': it is passed over",
            entry.path()
        ));
        return None;
    }
    let options = entry.required("options");
    let hash = options
        .as_ref()
        .and_then(|options| hash(&options.required("token")?));
    let subject = options
        .as_ref()
        .and_then(|options| subject(&options.required("subject")?));
    let restrictions = match entry.child("accessRestrictions") {
        None => None,
        Some(list) => restrictions(&list)?,
    };
    Some(StaticToken {
        hash: hash?,
        subject: subject?,
        restrictions,
    })
}

fn hash(token: &View) -> Option<TokenHash> {
    let text = token.secret()?.expose_secret();
    let hash = match TokenHash::parse(text) {
        Some(hash) => hash.map_err(|error| error.to_string()),
        None => Token::parse(text)
            .map(|token| TokenHash::from(&token))
            .map_err(|error| error.to_string()),
    };
    hash.map_err(|error| token.error(format!("{}: {error}", token.path())))
        .ok()
}

fn subject(subject: &View) -> Option<String> {
    let text = subject.text()?;
    if text.chars().any(char::is_whitespace) {
        subject.wrong("a text without white space");
        return None;
    }
    Some(text)
}

/// An empty list restricts nothing, as in Backstage. The outer none: something in the list is wrong.
fn restrictions(list: &View) -> Option<Option<Vec<Restriction>>> {
    if !list.is_list() {
        list.wrong("a list");
        return None;
    }
    let items = list.items();
    if items.is_empty() {
        list.warning(format!(
            "{} is empty: the token is not restricted",
            list.path()
        ));
        return Some(None);
    }
    let mut found: Vec<Restriction> = Vec::new();
    for item in &items {
        let restriction = restriction(item)?;
        if found.iter().any(|known| known.plugin == restriction.plugin) {
            item.error(format!(
                "{} names a plugin that is restricted already",
                item.path()
            ));
        }
        found.push(restriction);
    }
    Some(Some(found))
}

/// A mistyped key would widen what a token may, and is refused as Backstage refuses it.
fn restriction(item: &View) -> Option<Restriction> {
    item.check_keys(&["plugin", "permission", "permissionAttribute"]);
    item.refuse_empty("permission");
    item.refuse_empty("permissionAttribute");
    let plugin = item.required("plugin")?.text()?;
    let permissions = item.child("permission").map(|permission| {
        let names: Vec<String> = permission
            .texts()
            .into_iter()
            .map(|(_, name)| name)
            .collect();
        not_empty(&permission, &names);
        let is_asked_for = |name: &String| [READ_PERMISSION, WRITE_PERMISSION].contains(&name.as_str());
        if plugin == AUDIT_LOG_PLUGIN && !names.iter().all(is_asked_for) {
            permission.warning(format!(
                "{} names what is never asked for: there are {READ_PERMISSION} and {WRITE_PERMISSION}",
                permission.path()
            ));
        }
        names
    });
    let attribute = item.child("permissionAttribute");
    let actions = attribute.and_then(|attribute| {
        attribute.check_keys(&["action"]);
        let action = attribute.required("action")?;
        let actions: Vec<Action> = action
            .texts()
            .iter()
            .filter_map(|(view, name)| known_action(view, name))
            .collect();
        not_empty(&action, &actions);
        Some(actions)
    });
    Some(Restriction {
        plugin,
        permissions,
        actions,
    })
}

fn not_empty<T>(view: &View, list: &[T]) {
    if list.is_empty() {
        view.error(format!("{} names nothing", view.path()));
    }
}

fn known_action(view: &View, name: &str) -> Option<Action> {
    match name {
        "create" => Some(Action::Create),
        "read" => Some(Action::Read),
        "update" => Some(Action::Update),
        "delete" => Some(Action::Delete),
        _ => {
            view.wrong("create, read, update or delete");
            None
        }
    }
}
