//! Hosts and addresses of a batch looked up in a list, all at once: the places in a list of millions are far from each
//! other, and a processor that asks for many of them does not wait for each.

use super::address::{registered, write_host};
use super::list::{List, hash};
use super::{Domains, Settings};

/// The hosts of a batch, in one text.
#[derive(Default)]
pub struct Hosts {
    text: String,
    /// Where the host of each row begins and ends; an empty one is none.
    rows: Vec<(usize, usize)>,
}

impl Hosts {
    /// Adds the host of an address.
    pub fn push(&mut self, url: Option<&str>, scratch: &mut String) {
        let begin = self.text.len();
        if url.is_some_and(|url| write_host(url, scratch)) {
            self.text.push_str(scratch);
        }
        self.rows.push((begin, self.text.len()));
    }

    /// The host of a row, empty for none.
    pub fn get(&self, row: usize) -> &str {
        let (begin, end) = self.rows[row];
        &self.text[begin..end]
    }
}

/// Whether a row's registered domain, and which of the row's other names, are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Length of the registered domain, if that is listed.
    pub domain: Option<usize>,
    /// Length of the longest other name that is listed; a name is the end of its host.
    pub host: Option<usize>,
}

struct Name {
    row: u32,
    length: u32,
    is_domain: bool,
    hash: u64,
}

/// Looks the names of all hosts up that the settings ask for. `is_shown` tells whether a row's host may be found at all.
pub fn find_hosts(
    list: &List,
    hosts: &Hosts,
    settings: &Settings,
    is_shown: impl Fn(usize) -> bool,
) -> Vec<Listed> {
    let mut names: Vec<Name> = Vec::with_capacity(hosts.rows.len() * 2);
    for row in 0..hosts.rows.len() {
        let host = hosts.get(row);
        if host.is_empty() || !is_shown(row) {
            continue;
        }
        push_names(host, settings.domains, |name, is_domain| {
            names.push(Name {
                row: row as u32,
                length: name.len() as u32,
                is_domain,
                hash: hash(name.as_bytes()),
            });
        });
    }
    let mut found = vec![Listed::default(); hosts.rows.len()];
    names.retain(|name| list.has_hash(name.hash));
    for name in names {
        let host = hosts.get(name.row as usize);
        let length = name.length as usize;
        if !list.contains(&host[host.len() - length..]) {
            continue;
        }
        let row = &mut found[name.row as usize];
        if name.is_domain {
            row.domain = Some(length);
        } else {
            row.host = row.host.max(Some(length));
        }
    }
    found
}

/// Gives the names a host is looked up by, and of each whether it is the registered domain.
fn push_names(host: &str, domains: Domains, mut push: impl FnMut(&str, bool)) {
    if domains == Domains::Host {
        return push(host.strip_prefix("www.").unwrap_or(host), false);
    }
    let Some(domain) = registered(host) else {
        // An IP address, a name within a company: datatrove looks up what has a registered domain.
        if domains != Domains::Datatrove {
            push(host, false);
        }
        return;
    };
    push(domain, true);
    for name in parents(host).take_while(|name| name.len() > domain.len()) {
        push(name, false);
        if domains != Domains::Parents {
            break;
        }
    }
}

/// The host and what lies above it, the shortest name last.
pub fn parents(host: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(host);
    std::iter::from_fn(move || {
        let name = rest?;
        rest = name.split_once('.').map(|(_, above)| above);
        Some(name)
    })
}
