//! An ordered map that mostly holds a few entries: [`SmallMap`].
//!
//! A process has few ties and seldom more than one request under way. Few entries lie in a sorted vector, which
//! is kept when it runs empty, so that a call or a monitor allocates nothing once its process has made one;
//! many lie in a tree until all are gone. Either way they come out in the order of their keys, which a seed
//! reproduces.

use std::collections::BTreeMap;

/// So many entries are searched and moved about as quickly as a tree is walked.
const FEW_MAX: usize = 16;

#[derive(Debug)]
pub(crate) enum SmallMap<K, V> {
    Few(Vec<(K, V)>),
    Many(BTreeMap<K, V>),
}

impl<K, V> Default for SmallMap<K, V> {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl<K: Ord + Copy, V> SmallMap<K, V> {
    /// The value that had this key before goes.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        match self {
            Self::Many(many) => {
                many.insert(key, value);
            }
            Self::Few(few) => match find(few, key) {
                Ok(at) => {
                    if let Some(entry) = few.get_mut(at) {
                        entry.1 = value;
                    }
                }
                Err(at) if few.len() < FEW_MAX => {
                    if few.capacity() == 0 {
                        // Most processes never have two.
                        few.reserve_exact(1);
                    }
                    few.insert(at, (key, value));
                }
                Err(_) => {
                    let few = std::mem::take(few);
                    *self = Self::Many(few.into_iter().chain([(key, value)]).collect());
                }
            },
        }
    }

    pub(crate) fn remove(&mut self, key: K) -> Option<V> {
        match self {
            Self::Few(few) => {
                let at = find(few, key).ok()?;
                Some(few.remove(at).1)
            }
            Self::Many(many) => {
                let value = many.remove(&key);
                if many.is_empty() {
                    *self = Self::default();
                }
                value
            }
        }
    }

    pub(crate) fn get(&self, key: K) -> Option<&V> {
        match self {
            Self::Few(few) => Some(&few.get(find(few, key).ok()?)?.1),
            Self::Many(many) => many.get(&key),
        }
    }

    pub(crate) fn get_mut(&mut self, key: K) -> Option<&mut V> {
        match self {
            Self::Few(few) => {
                let at = find(few, key).ok()?;
                Some(&mut few.get_mut(at)?.1)
            }
            Self::Many(many) => many.get_mut(&key),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Few(few) => few.len(),
            Self::Many(many) => many.len(),
        }
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = K> {
        let (few, many) = match self {
            Self::Few(few) => (Some(few), None),
            Self::Many(many) => (None, Some(many)),
        };
        let few = few.into_iter().flatten().map(|(key, _)| *key);
        few.chain(many.into_iter().flatten().map(|(key, _)| *key))
    }

    #[cfg(test)]
    pub(crate) fn entries(&self) -> Vec<(K, V)>
    where
        V: Clone,
    {
        let entry = |key| Some((key, self.get(key)?.clone()));
        self.keys().filter_map(entry).collect()
    }

    /// All entries, in the order of their keys.
    pub(crate) fn into_entries(self) -> impl Iterator<Item = (K, V)> {
        let (few, many) = match self {
            Self::Few(few) => (Some(few), None),
            Self::Many(many) => (None, Some(many)),
        };
        let few = few.into_iter().flatten();
        few.chain(many.into_iter().flatten())
    }
}

/// Where the key is, or would be.
fn find<K: Ord + Copy, V>(few: &[(K, V)], key: K) -> Result<usize, usize> {
    few.binary_search_by_key(&key, |(key, _)| *key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever is done to it, it is the map that it stands for, and small again when it is empty.
        #[test]
        fn is_the_map_it_stands_for(steps in prop::collection::vec((0..40_u8, any::<bool>()), 0..400)) {
            let (mut map, mut model) = (SmallMap::default(), BTreeMap::new());
            for (value, (key, is_insertion)) in steps.into_iter().enumerate() {
                if is_insertion {
                    map.insert(key, value);
                    model.insert(key, value);
                } else {
                    prop_assert_eq!(map.remove(key), model.remove(&key));
                }
                prop_assert_eq!(map.get(key), model.get(&key));
                prop_assert_eq!(map.get_mut(key), model.get_mut(&key));
                prop_assert_eq!(map.len(), model.len());
                prop_assert!(map.keys().eq(model.keys().copied()));
                let is_as_it_should_be = match &map {
                    SmallMap::Few(few) => few.len() <= FEW_MAX,
                    SmallMap::Many(many) => !many.is_empty(),
                };
                prop_assert!(is_as_it_should_be);
            }
            prop_assert!(map.into_entries().eq(model));
        }
    }
}
