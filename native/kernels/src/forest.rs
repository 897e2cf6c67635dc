//! Trees of numbered nodes that grow together: union-find, the ways to the roots halved as they are gone.

/// Nodes by number, each a tree of its own to begin with.
#[derive(Debug, Default)]
pub(crate) struct Forest {
    /// A node that is its own parent is a root.
    parents: Vec<u32>,
}

impl Forest {
    pub(crate) fn len(&self) -> usize {
        self.parents.len()
    }

    /// Adds nodes until there are so many.
    pub(crate) fn grow(&mut self, nodes: usize) {
        self.parents.extend(self.parents.len() as u32..nodes as u32);
    }

    pub(crate) fn clear(&mut self) {
        self.parents.clear();
    }

    /// The root of a node's tree.
    pub(crate) fn root(&mut self, mut node: u32) -> u32 {
        loop {
            let parent = self.parents[node as usize];
            if parent == node {
                return node;
            }
            let above = self.parents[parent as usize];
            self.parents[node as usize] = above;
            node = above;
        }
    }

    /// Hangs the tree of one root below another.
    pub(crate) fn hang(&mut self, root: u32, below: u32) {
        self.parents[root as usize] = below;
    }

    /// Joins the trees of two nodes, the smaller root on top; whether they were two.
    pub(crate) fn join(&mut self, a: u32, b: u32) -> bool {
        let (a, b) = (self.root(a), self.root(b));
        self.hang(a.max(b), a.min(b));
        a != b
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn roots_are_the_least_of_what_is_connected(
            edges in prop::collection::vec((0..30u32, 0..30u32), 0..40),
        ) {
            let mut forest = Forest::default();
            forest.grow(30);
            let mut labels: Vec<u32> = (0..30).collect();
            for (a, b) in edges {
                let (least, most) = {
                    let both = [labels[a as usize], labels[b as usize]];
                    (both[0].min(both[1]), both[0].max(both[1]))
                };
                labels.iter_mut().filter(|label| **label == most).for_each(|label| *label = least);
                prop_assert_eq!(forest.join(a, b), least != most);
            }
            prop_assert_eq!((0..30).map(|n| forest.root(n)).collect::<Vec<_>>(), labels);
        }
    }
}
