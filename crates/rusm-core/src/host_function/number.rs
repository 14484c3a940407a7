//! Numbers of core WebAssembly, as host functions give and take them.

use wasmtime::{Val, ValType};

/// The type of a number of core WebAssembly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoreType {
    /// 32 bits: also pointers, lengths and truth values.
    I32,
    /// 64 bits.
    I64,
    /// IEEE 754, 32 bits.
    F32,
    /// IEEE 754, 64 bits.
    F64,
}

/// A number of core WebAssembly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CoreValue {
    /// 32 bits.
    I32(i32),
    /// 64 bits.
    I64(i64),
    /// IEEE 754, 32 bits.
    F32(f32),
    /// IEEE 754, 64 bits.
    F64(f64),
}

impl CoreValue {
    pub(super) fn of(value: &Val) -> Option<CoreValue> {
        Some(match value {
            Val::I32(number) => CoreValue::I32(*number),
            Val::I64(number) => CoreValue::I64(*number),
            Val::F32(bits) => CoreValue::F32(f32::from_bits(*bits)),
            Val::F64(bits) => CoreValue::F64(f64::from_bits(*bits)),
            Val::V128(_)
            | Val::FuncRef(_)
            | Val::ExternRef(_)
            | Val::AnyRef(_)
            | Val::ExnRef(_)
            | Val::ContRef(_) => return None,
        })
    }
}

impl From<CoreValue> for Val {
    fn from(value: CoreValue) -> Val {
        match value {
            CoreValue::I32(number) => Val::I32(number),
            CoreValue::I64(number) => Val::I64(number),
            CoreValue::F32(number) => Val::F32(number.to_bits()),
            CoreValue::F64(number) => Val::F64(number.to_bits()),
        }
    }
}

impl From<CoreType> for ValType {
    fn from(ty: CoreType) -> ValType {
        match ty {
            CoreType::I32 => ValType::I32,
            CoreType::I64 => ValType::I64,
            CoreType::F32 => ValType::F32,
            CoreType::F64 => ValType::F64,
        }
    }
}
