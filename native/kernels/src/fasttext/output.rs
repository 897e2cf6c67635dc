//! From the mean vector of a text to the probabilities of labels, by the loss a model was trained with.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::matrix::Matrix;
use super::source::damaged;

/// What fastText adds to a probability before it takes the logarithm, and so to all that it says.
const EPSILON: f64 = 1e-5;
/// The table fastText reads the logistic function from: this many steps from -8 to 8.
const STEPS: f32 = 512.0;
const BOUND: f32 = 8.0;
/// The count of a node of the tree that is not made yet.
const NOT_MADE: i64 = 1_000_000_000_000_000;

/// A label and its probability, which may exceed 1 by 1e-5 as fastText's do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// Its place among the labels of the model.
    pub label: usize,
    /// As single precision gives it.
    pub probability: f32,
}

/// The last layer: a row for each label, or for each inner node of a tree over the labels.
#[derive(Debug)]
pub(super) struct Output {
    matrix: Matrix,
    loss: Loss,
    labels: usize,
}

#[derive(Debug)]
enum Loss {
    /// Left and right child of the inner nodes, which follow the labels; the root is the last.
    Hierarchical(Vec<[usize; 2]>),
    /// Each label by itself: one against all, negative sampling.
    Logistic,
    Softmax,
}

impl Output {
    pub(super) fn new(matrix: Matrix, loss: i32, label_counts: &[i64]) -> Result<Self, String> {
        let labels = label_counts.len();
        if matrix.rows < labels {
            return Err(damaged(format!(
                "{labels} labels and {} rows of the output matrix",
                matrix.rows
            )));
        }
        let loss = match loss {
            1 => Loss::Hierarchical(build_tree(label_counts)?),
            2 | 4 => Loss::Logistic,
            3 => Loss::Softmax,
            _ => return Err(damaged(format!("its loss is {loss}; expected 1 to 4"))),
        };
        Ok(Self {
            matrix,
            loss,
            labels,
        })
    }

    /// The `k` most probable labels, the best first; fewer where the others have less than 1e-5.
    pub(super) fn best(&self, hidden: &[f32], k: usize) -> Result<Vec<Prediction>, String> {
        let mut best = match &self.loss {
            Loss::Hierarchical(children) => return self.descend(children, hidden, k),
            Loss::Logistic => self.each(hidden, logistic)?,
            Loss::Softmax => softmax(self.each(hidden, |x| x)?),
        };
        best.sort_by(|a, b| {
            b.probability
                .total_cmp(&a.probability)
                .then(a.label.cmp(&b.label))
        });
        best.truncate(k);
        for found in &mut best {
            found.probability = (f64::from(found.probability) + EPSILON) as f32;
        }
        Ok(best)
    }

    fn each(
        &self,
        hidden: &[f32],
        activate: impl Fn(f32) -> f32,
    ) -> Result<Vec<Prediction>, String> {
        (0..self.labels)
            .map(|label| {
                let probability = activate(self.product(label, hidden)?);
                Ok(Prediction { label, probability })
            })
            .collect()
    }

    fn product(&self, row: usize, hidden: &[f32]) -> Result<f32, String> {
        let product = self.matrix.dot(row, hidden);
        if product.is_nan() {
            return Err("the model gives no number (NaN) for a text; its training has failed, train it again".into());
        }
        Ok(product)
    }

    /// Goes down the tree from the most probable node on, so that few nodes are looked at for few labels.
    ///
    /// fastText adds up logarithms of what is multiplied here.
    fn descend(
        &self,
        children: &[[usize; 2]],
        hidden: &[f32],
        k: usize,
    ) -> Result<Vec<Prediction>, String> {
        let mut found = Vec::with_capacity(k.min(self.labels));
        let root = self.labels + children.len() - 1;
        let mut open = BinaryHeap::from([Node {
            probability: 1.0,
            id: root,
        }]);
        while let Some(Node { probability, id }) = open.pop() {
            if probability < EPSILON || found.len() == k {
                break;
            }
            let Some(inner) = id.checked_sub(self.labels) else {
                found.push(Prediction {
                    label: id,
                    probability: probability as f32,
                });
                continue;
            };
            let product = self.product(inner, hidden)?;
            let right = f64::from((1.0 / (1.0 + (-f64::from(product)).exp())) as f32);
            let [left_id, right_id] = children[inner];
            open.push(Node {
                probability: probability * (1.0 - right + EPSILON),
                id: left_id,
            });
            open.push(Node {
                probability: probability * (right + EPSILON),
                id: right_id,
            });
        }
        Ok(found)
    }
}

/// A node of the tree whose children were not looked at.
#[derive(Debug)]
struct Node {
    probability: f64,
    id: usize,
}

impl Ord for Node {
    fn cmp(&self, other: &Self) -> Ordering {
        self.probability
            .total_cmp(&other.probability)
            .then(other.id.cmp(&self.id))
    }
}

impl PartialOrd for Node {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Node {}

fn softmax(mut products: Vec<Prediction>) -> Vec<Prediction> {
    let most = products
        .iter()
        .map(|p| p.probability)
        .fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for product in &mut products {
        product.probability = f64::from(product.probability - most).exp() as f32;
        sum += product.probability;
    }
    for product in &mut products {
        product.probability /= sum;
    }
    products
}

/// The logistic function as fastText has it: read from a table, without looking between its steps.
fn logistic(x: f32) -> f32 {
    if x < -BOUND {
        return 0.0;
    }
    if x > BOUND {
        return 1.0;
    }
    let step = ((x + BOUND) * STEPS / BOUND / 2.0).floor();
    let x = step * 2.0 * BOUND / STEPS - BOUND;
    (1.0 / (1.0 + f64::from((-f64::from(x)).exp() as f32))) as f32
}

/// Huffman's tree over counts that fall, as fastText builds it: of the two cheapest nodes the first goes to the left.
fn build_tree(counts: &[i64]) -> Result<Vec<[usize; 2]>, String> {
    let labels = counts.len();
    let inner = labels - 1;
    let mut counts = counts.to_vec();
    counts.resize(labels + inner, NOT_MADE);
    let mut children = Vec::with_capacity(inner);
    let (mut leaves, mut node) = (labels, labels);
    for made in labels..labels + inner {
        let mut pair = [0; 2];
        for child in &mut pair {
            if leaves > 0 && counts[leaves - 1] < counts[node] {
                leaves -= 1;
                *child = leaves;
            } else {
                *child = node;
                node += 1;
            }
            if *child >= made {
                return Err(damaged(
                    "labels have counts of which no tree can be made".into(),
                ));
            }
        }
        counts[made] = counts[pair[0]].saturating_add(counts[pair[1]]);
        children.push(pair);
    }
    Ok(children)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_by_hand() {
        // 1 and 2 make 3; that and 3 make 6. Of a label and an inner node that count the same the node comes first.
        assert_eq!(build_tree(&[9, 3, 2, 1]).unwrap(), [[3, 2], [4, 1], [5, 0]]);
        assert_eq!(build_tree(&[5]).unwrap(), [[0; 2]; 0]);
        assert!(build_tree(&[NOT_MADE, NOT_MADE, NOT_MADE]).is_err());
    }

    #[test]
    fn the_logistic_function_has_steps() {
        assert_eq!(
            (logistic(-9.0), logistic(9.0), logistic(0.0)),
            (0.0, 1.0, 0.5)
        );
        assert_eq!(logistic(0.031), logistic(0.001));
        assert!(logistic(0.032) > logistic(0.031));
    }
}
