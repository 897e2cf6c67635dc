//! Connected components of an undirected graph, by union-find: each is called by its smallest node.
//!
//! Edges come in batches and are not kept, so memory grows with the distinct nodes: the bytes of each, and about 24
//! more. Nodes are text or binary, in the order of their bytes, or int64, in the order of the numbers.

use std::sync::Arc;

use arrow_array::builder::BinaryBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, BinaryArray, Int64Array, RecordBatch, StringArray};
use arrow_schema::DataType;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use xxhash_rust::xxh3::xxh3_64;

use crate::forest::Forest;

/// What a node is; a graph has nodes of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Binary,
    Number,
}

impl Kind {
    fn of(column: &ArrayRef, name: &str) -> Result<Self, String> {
        match column.data_type() {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Ok(Self::Text),
            DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
            | DataType::FixedSizeBinary(_) => Ok(Self::Binary),
            DataType::Int64 => Ok(Self::Number),
            other => Err(format!(
                "column {name} is {other}; expected text, binary or int64"
            )),
        }
    }
}

/// The distinct nodes in the order in which they came, by number.
#[derive(Debug, Default)]
struct Nodes {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    numbers: HashTable<u32>,
}

impl Nodes {
    fn get(&self, node: u32) -> &[u8] {
        value(&self.bytes, &self.ends, node)
    }

    /// The number of a node, which it gets when it is new.
    fn number(&mut self, node: &[u8]) -> Result<u32, String> {
        let Self {
            bytes,
            ends,
            numbers,
        } = self;
        let entry = numbers.entry(
            xxh3_64(node),
            |&known| value(bytes, ends, known) == node,
            |&known| xxh3_64(value(bytes, ends, known)),
        );
        match entry {
            Entry::Occupied(known) => Ok(*known.get()),
            Entry::Vacant(place) => {
                let number = u32::try_from(ends.len()).map_err(|_| {
                    format!("there are more than {} nodes; expected fewer", u32::MAX)
                })?;
                bytes.extend_from_slice(node);
                ends.push(bytes.len());
                place.insert(number);
                Ok(number)
            }
        }
    }
}

fn value<'a>(bytes: &'a [u8], ends: &[usize], node: u32) -> &'a [u8] {
    let node = node as usize;
    let begin = if node == 0 { 0 } else { ends[node - 1] };
    &bytes[begin..ends[node]]
}

/// Collects edges, and then says to which component each node belongs.
#[derive(Debug, Default)]
pub struct Components {
    kind: Option<Kind>,
    nodes: Nodes,
    /// The root of a tree is the smallest node of a component.
    forest: Forest,
}

impl Components {
    /// Takes in edges `a[i]` to `b[i]`; those from a node to itself make it known.
    pub fn push(&mut self, a: &ArrayRef, b: &ArrayRef) -> Result<(), String> {
        if a.len() != b.len() {
            return Err(format!(
                "column a has {} rows, b has {}; expected as many",
                a.len(),
                b.len()
            ));
        }
        let kinds = [Kind::of(a, "a")?, Kind::of(b, "b")?];
        let kind = *self.kind.get_or_insert(kinds[0]);
        if kinds != [kind; 2] {
            return Err(format!(
                "columns a and b are {} and {}; expected one kind of node in all edges",
                a.data_type(),
                b.data_type()
            ));
        }
        let (a, b) = (self.numbers(a, "a")?, self.numbers(b, "b")?);
        for (a, b) in a.into_iter().zip(b) {
            self.unite(a, b);
        }
        Ok(())
    }

    /// How many distinct nodes there are.
    pub fn len(&self) -> usize {
        self.forest.len()
    }

    /// Whether no edge has come.
    pub fn is_empty(&self) -> bool {
        self.forest.len() == 0
    }

    /// Columns `node` and `component`, its smallest node, of up to `rows` nodes from the number `begin` on.
    ///
    /// They are string, binary or int64. The order is that in which nodes came.
    pub fn labels(&mut self, begin: usize, rows: usize) -> Result<RecordBatch, String> {
        let end = begin.saturating_add(rows).min(self.len());
        let range = begin.min(end) as u32..end as u32;
        let roots: Vec<u32> = range.clone().map(|node| self.forest.root(node)).collect();
        let columns = [
            ("node", self.column(range)?),
            ("component", self.column(roots)?),
        ];
        RecordBatch::try_from_iter(columns).map_err(|error| error.to_string())
    }

    fn numbers(&mut self, column: &ArrayRef, name: &str) -> Result<Vec<u32>, String> {
        match column.data_type() {
            DataType::Utf8 => self.number_all(column.as_string::<i32>(), name),
            DataType::LargeUtf8 => self.number_all(column.as_string::<i64>(), name),
            DataType::Utf8View => self.number_all(column.as_string_view(), name),
            DataType::Binary => self.number_all(column.as_binary::<i32>(), name),
            DataType::LargeBinary => self.number_all(column.as_binary::<i64>(), name),
            DataType::BinaryView => self.number_all(column.as_binary_view(), name),
            DataType::FixedSizeBinary(_) => self.number_all(column.as_fixed_size_binary(), name),
            _ => {
                let numbers = column.as_primitive::<Int64Type>();
                self.number_all(numbers.iter().map(|number| number.map(encode)), name)
            }
        }
    }

    fn number_all<T: AsRef<[u8]>>(
        &mut self,
        values: impl IntoIterator<Item = Option<T>>,
        name: &str,
    ) -> Result<Vec<u32>, String> {
        let values = values.into_iter().enumerate();
        let numbers = values
            .map(|(row, value)| match value {
                Some(value) => self.nodes.number(value.as_ref()),
                None => Err(format!(
                    "column {name} is null in row {row}; expected two nodes for each edge"
                )),
            })
            .collect::<Result<Vec<u32>, String>>()?;
        self.forest.grow(self.nodes.ends.len());
        Ok(numbers)
    }

    fn unite(&mut self, a: u32, b: u32) {
        let (a, b) = (self.forest.root(a), self.forest.root(b));
        if a == b {
            return;
        }
        let (smaller, larger) = if self.nodes.get(a) < self.nodes.get(b) {
            (a, b)
        } else {
            (b, a)
        };
        self.forest.hang(larger, smaller);
    }

    fn column(&self, nodes: impl IntoIterator<Item = u32>) -> Result<ArrayRef, String> {
        let values = nodes.into_iter().map(|node| self.nodes.get(node));
        Ok(match self.kind {
            Some(Kind::Number) => Arc::new(values.map(decode).collect::<Int64Array>()),
            Some(Kind::Text) => {
                let text = StringArray::try_from_binary(binary(values)?);
                Arc::new(text.map_err(|error| error.to_string())?)
            }
            Some(Kind::Binary) | None => Arc::new(binary(values)?),
        })
    }
}

/// Bytes that are in the order of the numbers.
fn encode(number: i64) -> [u8; 8] {
    (number ^ i64::MIN).to_be_bytes()
}

fn decode(bytes: &[u8]) -> Option<i64> {
    let bytes = <[u8; 8]>::try_from(bytes).ok()?;
    Some(i64::from_be_bytes(bytes) ^ i64::MIN)
}

fn binary<'a>(values: impl Iterator<Item = &'a [u8]>) -> Result<BinaryArray, String> {
    let mut out = BinaryBuilder::new();
    for value in values {
        if value.len() + out.values_slice().len() > i32::MAX as usize {
            return Err("the nodes have more than 2 GiB; ask for fewer rows at once".into());
        }
        out.append_value(value);
    }
    Ok(out.finish())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use arrow_array::{FixedSizeBinaryArray, LargeStringArray, StringViewArray};
    use proptest::prelude::*;

    use super::*;

    fn label(edges: &[(i64, i64)], batch: usize) -> BTreeMap<i64, i64> {
        let mut graph = Components::default();
        for part in edges.chunks(batch) {
            let (a, b): (Vec<i64>, Vec<i64>) = part.iter().copied().unzip();
            let (a, b): (ArrayRef, ArrayRef) =
                (Arc::new(Int64Array::from(a)), Arc::new(Int64Array::from(b)));
            graph.push(&a, &b).unwrap();
        }
        let mut labels = BTreeMap::new();
        for begin in (0..graph.len()).step_by(3) {
            let found = graph.labels(begin, 3).unwrap();
            let [nodes, components] = [0, 1].map(|i| found.column(i).as_primitive::<Int64Type>());
            labels.extend(nodes.values().iter().zip(components.values()));
        }
        assert_eq!(labels.len(), graph.len());
        labels
    }

    /// Labels go along edges until none changes.
    fn spread(edges: &[(i64, i64)]) -> BTreeMap<i64, i64> {
        let nodes = edges.iter().flat_map(|&(a, b)| [a, b]);
        let mut labels: BTreeMap<i64, i64> = nodes.map(|node| (node, node)).collect();
        loop {
            let before = labels.clone();
            for (a, b) in edges {
                let least = labels[a].min(labels[b]);
                labels.insert(*a, least);
                labels.insert(*b, least);
            }
            if labels == before {
                return labels;
            }
        }
    }

    proptest! {
        #[test]
        fn labels_are_what_spreads_along_edges(
            edges in prop::collection::vec((-20_i64..20, -20_i64..20), 0..60),
            batch in 1_usize..20,
        ) {
            prop_assert_eq!(label(&edges, batch), spread(&edges));
        }
    }

    #[test]
    fn a_long_path_is_one_component_from_whichever_end() {
        let path: Vec<_> = (0..100_000).map(|i| (i, i + 1)).collect();
        let back: Vec<_> = path.iter().rev().copied().collect();
        for edges in [path, back] {
            let labels = label(&edges, 1000);
            assert_eq!(labels.len(), 100_001);
            assert!(labels.values().all(|&component| component == 0));
        }
    }

    #[test]
    fn numbers_keep_their_order_as_bytes() {
        let edges = [(i64::MAX, 0), (0, -1), (-1, i64::MIN)];
        assert!(label(&edges, 2).values().all(|&c| c == i64::MIN));
        assert_eq!(label(&[(1, -1), (5, 5)], 1)[&1], -1);
    }

    #[test]
    fn text_and_binary_in_every_layout() {
        let texts = ["b", "", "é", "b"];
        let layouts: [ArrayRef; 3] = [
            Arc::new(StringArray::from(texts.to_vec())),
            Arc::new(LargeStringArray::from(texts.to_vec())),
            Arc::new(StringViewArray::from(texts.to_vec())),
        ];
        for b in layouts {
            let a: ArrayRef = Arc::new(StringArray::from(vec!["c", "x", "d", "d"]));
            let mut graph = Components::default();
            graph.push(&a, &b).unwrap();
            let found = graph.labels(0, 10).unwrap();
            let [nodes, components] = [0, 1].map(|i| found.column(i).as_string::<i32>());
            assert_eq!(
                nodes.iter().flatten().collect::<String>(),
                ["c", "x", "d", "b", "", "é"].concat()
            );
            let components: Vec<_> = components.iter().flatten().collect();
            assert_eq!(components, ["b", "", "b", "b", "", "b"]);
        }
        let fixed = |values: &[&[u8]]| -> ArrayRef {
            Arc::new(FixedSizeBinaryArray::try_from_iter(values.iter()).unwrap())
        };
        let mut graph = Components::default();
        graph
            .push(&fixed(&[b"\xff", b"\x80"]), &fixed(&[b"\x7f", b"\xff"]))
            .unwrap();
        let found = graph.labels(1, 1).unwrap();
        assert_eq!(found.column(0).as_binary::<i32>().value(0), b"\x80");
        assert_eq!(found.column(1).as_binary::<i32>().value(0), b"\x7f");
    }

    #[test]
    fn what_cannot_work_is_said() {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None]));
        let text: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
        let flags: ArrayRef = Arc::new(arrow_array::BooleanArray::from(vec![true, true]));
        let mut graph = Components::default();
        let mut fail = |a: &ArrayRef, b: &ArrayRef| graph.push(a, b).unwrap_err();
        assert!(
            fail(&flags, &flags).contains("column a is Boolean; expected text, binary or int64")
        );
        assert!(fail(&text, &numbers).contains("columns a and b are Utf8 and Int64; expected one"));
        assert!(fail(&text, &text.slice(0, 1)).contains("column a has 2 rows, b has 1"));
        assert!(fail(&numbers, &numbers).contains("Int64 and Int64; expected one kind"));
        let mut graph = Components::default();
        let error = graph.push(&numbers.slice(0, 1), &numbers.slice(1, 1));
        assert!(error.unwrap_err().contains("column b is null in row 0"));
    }

    #[test]
    fn nothing_in_nothing_out() {
        let mut graph = Components::default();
        assert!(graph.is_empty());
        assert_eq!(graph.labels(0, 5).unwrap().num_rows(), 0);
        let none: ArrayRef = Arc::new(Int64Array::from(Vec::<i64>::new()));
        graph.push(&none, &none).unwrap();
        assert_eq!(graph.labels(3, 5).unwrap().num_rows(), 0);
    }
}
