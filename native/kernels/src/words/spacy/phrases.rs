//! Special cases that a text's tokens spell out, found over the whole text once it is split.

use super::super::Span;
use super::byte_map::ByteMap;
use super::classes::Classes;
use super::specials::Specials;
use super::{affixes, chunk, push_pieces};

/// Signs, one of which is a token of every phrase: where there is none, nothing has to be looked for.
const KEYS: &[u8] = b".:;'()[]=<>-/";
/// The same beyond ASCII.
const WIDE_KEYS: [&str; 3] = ["’", "‘", "°"];

/// The token sequences that special cases would be split into if they were none, as a tree.
#[derive(Debug)]
pub struct Phrases {
    tokens: ByteMap<u16>,
    /// The root is first, and has no list of what follows it.
    nodes: Vec<Node>,
    /// By token, the node it leads to from the root, which has many; 0 where no phrase begins with it.
    starts: Vec<u16>,
    /// Tokens of the longest.
    longest: usize,
}

#[derive(Debug, Default)]
struct Node {
    /// By token, the node it leads to.
    next: Vec<(u16, u16)>,
    /// Whether a phrase ends here.
    is_end: bool,
}

/// Memory kept between texts.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Which phrase token each of a run is.
    run: Vec<u16>,
    /// First token in the run, and how many, of each phrase met.
    met: Vec<(usize, usize)>,
    taken: Vec<bool>,
    used: Vec<(usize, usize)>,
    joined: Vec<Span>,
}

impl Phrases {
    pub fn new(classes: &Classes, specials: &Specials) -> Self {
        let mut all = Self {
            tokens: ByteMap::new(),
            nodes: vec![Node::default()],
            starts: Vec::new(),
            longest: 0,
        };
        // In an order of their own, so that every run numbers tokens alike.
        let mut texts: Vec<_> = specials
            .texts()
            .filter(|text| has_affix(classes, text))
            .collect();
        texts.sort_unstable();
        let (mut tokens, mut suffixes) = (Vec::new(), Vec::new());
        for text in texts {
            tokens.clear();
            chunk(
                classes,
                None,
                text,
                (0, text.len()),
                &mut tokens,
                &mut suffixes,
            );
            all.add(text, &tokens);
        }
        all
    }

    fn add(&mut self, text: &str, tokens: &[Span]) {
        // One token by itself changes nothing and hides nothing.
        if tokens.len() < 2 {
            return;
        }
        let mut node = 0;
        for token in tokens {
            let id = self.token_id(&text[token.start as usize..token.end as usize]);
            node = self.step(node, id).unwrap_or_else(|| {
                let fresh = self.nodes.len() as u16;
                match node {
                    0 => self.starts[usize::from(id)] = fresh,
                    _ => self.nodes[usize::from(node)].next.push((id, fresh)),
                }
                self.nodes.push(Node::default());
                fresh
            });
        }
        self.nodes[usize::from(node)].is_end = true;
        self.longest = self.longest.max(tokens.len());
    }

    fn token_id(&mut self, token: &str) -> u16 {
        self.tokens.get(token.as_bytes()).unwrap_or_else(|| {
            let fresh = self.tokens.len() as u16;
            self.tokens.insert(token, fresh);
            self.starts.push(0);
            fresh
        })
    }

    fn step(&self, node: u16, id: u16) -> Option<u16> {
        if node == 0 {
            return Some(self.starts[usize::from(id)]).filter(|&node| node > 0);
        }
        let mut next = self.nodes[usize::from(node)].next.iter();
        next.find(|(token, _)| *token == id).map(|(_, node)| *node)
    }

    /// Puts the pieces of special cases in the place of tokens that spell them out.
    pub fn join(
        &self,
        text: &str,
        specials: &Specials,
        tokens: &mut Vec<Span>,
        scratch: &mut Scratch,
    ) {
        let bytes = text.as_bytes();
        scratch.used.clear();
        let mut at = 0;
        while at < tokens.len() {
            if !is_key(tokens[at].of(bytes)) {
                at += 1;
                continue;
            }
            at = self.read_run(bytes, tokens, at, scratch);
        }
        let mut kept = 0;
        scratch.joined.clear();
        scratch.used.retain(|&(first, count)| {
            let (start, end) = (
                tokens[first].start as usize,
                tokens[first + count - 1].end as usize,
            );
            let pieces = specials.get(&bytes[start..end]);
            if let Some(pieces) = pieces {
                scratch.joined.extend_from_slice(&tokens[kept..first]);
                push_pieces(pieces, start, &mut scratch.joined);
                kept = first + count;
            }
            pieces.is_some()
        });
        if kept > 0 {
            scratch.joined.extend_from_slice(&tokens[kept..]);
            std::mem::swap(tokens, &mut scratch.joined);
        }
    }

    /// Reads the run of phrase tokens around the key at `key` and notes the phrases used in it; where the run ends.
    fn read_run(&self, bytes: &[u8], tokens: &[Span], key: usize, scratch: &mut Scratch) -> usize {
        let id = |token: &Span| self.tokens.get(token.of(bytes));
        // Not further than the run before, which ended at a token that is in no phrase.
        let before = tokens[..key].iter().rev().map_while(id).count();
        let first = key - before;
        scratch.run.clear();
        scratch.run.extend(tokens[first..].iter().map_while(id));
        let end = first + scratch.run.len();
        scratch.met.clear();
        for start in 0..scratch.run.len() {
            let mut node = 0;
            for (at, &id) in scratch.run.iter().enumerate().skip(start) {
                match self.step(node, id) {
                    Some(next) => node = next,
                    None => break,
                }
                if self.nodes[usize::from(node)].is_end {
                    scratch.met.push((start, at + 1 - start));
                }
            }
        }
        self.choose(first, scratch);
        end.max(key + 1)
    }

    /// The longest first, then the leftmost; what a phrase covers is taken even where the phrase itself gives way.
    fn choose(&self, first: usize, scratch: &mut Scratch) {
        if scratch.met.is_empty() {
            return;
        }
        let Scratch {
            run,
            met,
            taken,
            used,
            ..
        } = scratch;
        taken.clear();
        taken.resize(run.len(), false);
        let before = used.len();
        for length in (2..=self.longest).rev() {
            for &(start, _) in met.iter().filter(|(_, count)| *count == length) {
                if !taken[start] && !taken[start + length - 1] {
                    used.push((first + start, length));
                }
                taken[start..start + length].fill(true);
            }
        }
        used[before..].sort_unstable();
    }
}

pub(super) fn is_key(token: &[u8]) -> bool {
    match token {
        [one] => KEYS.contains(one),
        [0xc2, _] | [0xe2, _, _] => WIDE_KEYS.iter().any(|key| key.as_bytes() == token),
        _ => false,
    }
}

/// Whether spaCy looks for the special case among tokens at all.
fn has_affix(classes: &Classes, text: &str) -> bool {
    if affixes::prefix(classes, text) + affixes::suffix(classes, text) > 0 {
        return true;
    }
    let mut before = None;
    text.char_indices().any(|(at, c)| {
        let found = affixes::infix(classes, before, &text[at..]) > 0;
        before = Some(c);
        found
    })
}
