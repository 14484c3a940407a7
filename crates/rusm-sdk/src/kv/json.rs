//! Values as they are stored: JSON, which people and other programs can read.
//!
//! A number that [`increment`](super::increment) makes is decimal text, and so a JSON number.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::BucketError;

pub(super) fn encode<T: Serialize>(key: &str, value: &T) -> Result<Vec<u8>, BucketError> {
    serde_json::to_vec(value).map_err(|error| BucketError::Encode {
        key: key.to_owned(),
        problem: error.to_string(),
    })
}

pub(super) fn decode<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<T, BucketError> {
    serde_json::from_slice(bytes).map_err(|error| BucketError::Decode {
        key: key.to_owned(),
        problem: error.to_string(),
    })
}
