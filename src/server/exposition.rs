//! Prometheus's text format, version 0.0.4.

use std::fmt::Write;

/// What a family of metrics is, and the line that explains it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Counter(&'static str),
    Gauge(&'static str),
    Histogram(&'static str),
}

/// Families of metrics, one after the other.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    text: String,
    family: &'static str,
}

impl Exposition {
    /// The type of the text.
    pub(super) const TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    /// Begins a family.
    pub(super) fn family(&mut self, name: &'static str, kind: Kind) {
        let (kind, help) = match kind {
            Kind::Counter(help) => ("counter", help),
            Kind::Gauge(help) => ("gauge", help),
            Kind::Histogram(help) => ("histogram", help),
        };
        // WriteQueue to a String does not fail.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        self.family = name;
    }

    /// A value of the family.
    pub(super) fn sample(&mut self, labels: &[(&str, &str)], value: f64) {
        self.part("", labels, value);
    }

    /// A family of one value.
    pub(super) fn one(&mut self, name: &'static str, kind: Kind, value: f64) {
        self.family(name, kind);
        self.sample(&[], value);
    }

    /// A value of a part of the family.
    pub(super) fn part(&mut self, suffix: &str, labels: &[(&str, &str)], value: f64) {
        let _ = write!(self.text, "{}{suffix}", self.family);
        for (at, (name, label)) in labels.iter().enumerate() {
            let open = if at == 0 { '{' } else { ',' };
            let _ = write!(self.text, "{open}{name}=\"{label}\"");
        }
        let close = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{close} {value}");
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}
