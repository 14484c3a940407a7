//! How much one bucket name, key, value and batch may hold, and the check that says so.

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// The longest name of a bucket, in bytes.
pub const MAX_BUCKET: usize = 255;
/// The longest key, in bytes.
pub const MAX_KEY: usize = KIB;
/// The longest value, in bytes.
pub const MAX_VALUE: usize = 16 * MIB;
/// The most operations of one batch.
pub const MAX_OPS: usize = 1_000;
/// The most bytes of one batch: the keys and values of all its operations together.
pub const MAX_BATCH_BYTES: usize = 64 * MIB;

/// What a name, key, value or batch was refused for. Becomes a part of [`ReadError`](crate::ReadError) and
/// [`WriteError`](crate::WriteError).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    TooLarge {
        what: &'static str,
        actual: usize,
        most: usize,
    },
    Unusable {
        what: &'static str,
        why: &'static str,
    },
}

/// A bucket name has 1 to [`MAX_BUCKET`] bytes and no control characters: the zero byte separates it from the key.
pub(crate) fn check_bucket(bucket: &str) -> Result<(), Refusal> {
    check_len("bucket name", bucket.len(), MAX_BUCKET)?;
    let why = if bucket.is_empty() {
        "it is empty"
    } else if bucket.chars().any(char::is_control) {
        "it has a control character"
    } else {
        return Ok(());
    };
    Err(Refusal::Unusable {
        what: "bucket name",
        why,
    })
}

/// A key has 1 to [`MAX_KEY`] bytes.
pub(crate) fn check_key(key: &str) -> Result<(), Refusal> {
    check_len("key", key.len(), MAX_KEY)?;
    if key.is_empty() {
        return Err(Refusal::Unusable {
            what: "key",
            why: "it is empty",
        });
    }
    Ok(())
}

/// `actual` is within `most`.
pub(crate) fn check_len(what: &'static str, actual: usize, most: usize) -> Result<(), Refusal> {
    if actual > most {
        return Err(Refusal::TooLarge { what, actual, most });
    }
    Ok(())
}
