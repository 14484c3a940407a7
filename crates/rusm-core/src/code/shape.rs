//! What can be told from the bytes alone: component or module, imports, exports, and whether it needs concurrency.
//!
//! This reads structure, it does not validate: the compiler does. It stops at the first byte that it cannot read.

use super::error::{CodeError, shown};
use super::nesting;
use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentDefinedType, ComponentType,
    ComponentTypeDeclaration, Encoding, InstanceTypeDeclaration, Parser, Payload,
};

/// The two forms of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A component: WASI 0.2 or 0.3 and `rusm:actor`.
    Component,
    /// A core module: WASI preview 1 and the imports of module `rusm`.
    Module,
}

/// How a process of this code is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// `_start` of a core module.
    Start,
    /// `wasi:cli/run@0.2`.
    Run,
    /// `wasi:cli/run@0.3`, an asynchronous function.
    RunConcurrent,
}

/// What the bytes say about themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) kind: Kind,
    pub(crate) entry: Entry,
    /// Top-level imports; a core module's are `module/field`. Sorted, each once.
    pub(crate) imports: Vec<String>,
    /// Whether it uses the component model's concurrency.
    pub(crate) is_concurrent: bool,
}

/// Reads the shape of code.
pub(crate) fn read(wasm: &[u8]) -> Result<Shape, CodeError> {
    recognise(wasm)?;
    let mut reading = Reading::default();
    for payload in Parser::new(0).parse_all(wasm) {
        if let Ok(Payload::ComponentTypeSection(section)) = &payload {
            nesting::check(wasm, section.range())?;
        }
        let read = payload.and_then(|payload| reading.payload(payload));
        read.map_err(|error| CodeError::Invalid {
            cause: shown(&error.to_string()),
        })?;
    }
    reading.finish()
}

/// Tells WebAssembly from what people mistake for it.
fn recognise(wasm: &[u8]) -> Result<(), CodeError> {
    let found = match wasm {
        [b'\0', b'a', b's', b'm', ..] => return Ok(()),
        [] => "the file is empty",
        [b'(', ..] => {
            "this is the text format; translate it first (`wat2wasm`, `wasm-tools parse`)"
        }
        [0x7f, b'E', b'L', b'F', ..] => {
            "this is a native program or precompiled code; give the .wasm it was made from"
        }
        [b'M', b'Z', ..] => "this is a Windows program",
        _ => "it does not begin with the bytes \\0asm",
    };
    Err(CodeError::NotWasm { found })
}

#[derive(Default)]
struct Reading {
    kind: Option<Kind>,
    /// How many components and modules the reader is inside of, the outermost one not counted.
    depth: u32,
    imports: Vec<String>,
    exports: Vec<String>,
    is_concurrent: bool,
}

impl Reading {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a parser's enum of some forty events, of which six matter"
    )]
    fn payload(&mut self, payload: Payload<'_>) -> wasmparser::Result<()> {
        match payload {
            Payload::Version { encoding, .. } if self.kind.is_none() => {
                self.kind = Some(match encoding {
                    Encoding::Module => Kind::Module,
                    Encoding::Component => Kind::Component,
                });
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => self.depth += 1,
            Payload::End(_) => self.depth = self.depth.saturating_sub(1),
            Payload::ImportSection(section) if self.depth == 0 => {
                for import in section.into_imports() {
                    let import = import?;
                    self.imports
                        .push(format!("{}/{}", import.module, import.name));
                }
            }
            Payload::ExportSection(section) if self.depth == 0 => {
                for export in section {
                    self.exports.push(export?.name.to_owned());
                }
            }
            Payload::ComponentImportSection(section) if self.depth == 0 => {
                for import in section {
                    self.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if self.depth == 0 => {
                for export in section {
                    self.exports.push(export?.name.name.to_owned());
                }
            }
            Payload::ComponentCanonicalSection(section) => {
                for function in section {
                    self.is_concurrent |= is_concurrent_function(&function?);
                }
            }
            Payload::ComponentTypeSection(section) => {
                for ty in section {
                    self.is_concurrent |= is_concurrent_type(&ty?);
                }
            }
            // The insides of sections, and sections that say nothing about the shape; the list grows with WebAssembly.
            _ => {}
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Shape, CodeError> {
        let kind = self.kind.ok_or(CodeError::NotWasm {
            found: "it ends after its first bytes",
        })?;
        self.imports.sort_unstable();
        self.imports.dedup();
        let entry = self.entry(kind)?;
        let is_new = |name: &String| is_wasi_03(name);
        let is_concurrent = kind == Kind::Component
            && (self.is_concurrent
                || entry == Entry::RunConcurrent
                || self.imports.iter().any(is_new)
                || self.exports.iter().any(is_new));
        Ok(Shape {
            kind,
            entry,
            imports: self.imports,
            is_concurrent,
        })
    }

    fn entry(&self, kind: Kind) -> Result<Entry, CodeError> {
        let has = |wanted: &str| self.exports.iter().any(|name| name.starts_with(wanted));
        match kind {
            Kind::Module if self.exports.iter().any(|name| name == "_start") => Ok(Entry::Start),
            // A component that offers both is run the older, stable way.
            Kind::Component if has("wasi:cli/run@0.2") => Ok(Entry::Run),
            Kind::Component if has("wasi:cli/run@0.3") => Ok(Entry::RunConcurrent),
            Kind::Module | Kind::Component => {
                let expected = match kind {
                    Kind::Module => {
                        "a core module that runs as a process exports the function _start"
                    }
                    Kind::Component => {
                        "a component that runs as a process exports wasi:cli/run of WASI 0.2 or 0.3"
                    }
                };
                Err(CodeError::NoEntry {
                    expected,
                    exports: list(&self.exports),
                })
            }
        }
    }
}

fn list(names: &[String]) -> String {
    match names {
        [] => "nothing".to_owned(),
        some => shown(
            &some
                .iter()
                .take(8)
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(", "),
        ),
    }
}

fn is_wasi_03(name: &str) -> bool {
    name.starts_with("wasi:")
        && name
            .rsplit_once('@')
            .is_some_and(|(_, version)| version.starts_with("0.3."))
}

/// Everything but plain lifting, lowering and resources belongs to the concurrency of the component model.
fn is_concurrent_function(function: &CanonicalFunction) -> bool {
    let is_async = |options: &[CanonicalOption]| {
        options
            .iter()
            .any(|option| matches!(option, CanonicalOption::Async))
    };
    if let CanonicalFunction::Lift { options, .. } | CanonicalFunction::Lower { options, .. } =
        function
    {
        return is_async(options);
    }
    !matches!(
        function,
        CanonicalFunction::ResourceNew { .. }
            | CanonicalFunction::ResourceDrop { .. }
            | CanonicalFunction::ResourceRep { .. }
    )
}

fn is_concurrent_type(ty: &ComponentType<'_>) -> bool {
    match ty {
        ComponentType::Defined(defined) => {
            matches!(defined, ComponentDefinedType::Future(_) | ComponentDefinedType::Stream(_))
        }
        ComponentType::Func(function) => function.async_,
        ComponentType::Component(declarations) => declarations.iter().any(|declaration| {
            matches!(declaration, ComponentTypeDeclaration::Type(inner) if is_concurrent_type(inner))
        }),
        ComponentType::Instance(declarations) => declarations.iter().any(|declaration| {
            matches!(declaration, InstanceTypeDeclaration::Type(inner) if is_concurrent_type(inner))
        }),
        ComponentType::Resource { .. } => false,
    }
}

#[cfg(test)]
mod tests;
