//! One pass over the bytes: imports with their functions, exports, memories, tables, producers.
//!
//! Types of interfaces are numbered by everything that defines a type, so all of that is counted.

use super::{Extent, Inspection, Producer};
use crate::code::{CodeError, Kind, nesting, shown};
use std::collections::BTreeMap;
use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentOuterAliasKind, ComponentType,
    ComponentTypeRef, Encoding, InstanceTypeDeclaration, KnownCustom, Parser, Payload, TypeRef,
};

/// More names and types than any real program has; what is kept of them takes memory.
const KEPT_MAX: usize = 100_000;

/// What was read so far.
#[derive(Debug, Default)]
pub(super) struct Reading {
    kind: Option<Kind>,
    /// By name; the functions of an interface, in their order.
    pub(super) imports: BTreeMap<String, Vec<String>>,
    pub(super) exports: Vec<String>,
    pub(super) memories: Vec<Extent>,
    pub(super) tables: Vec<Extent>,
    pub(super) producers: Vec<Producer>,
    /// How many components and modules the reader is inside of, the outermost one not counted.
    depth: u32,
    /// The types of the outermost component: the functions of each that is an interface.
    types: Vec<Option<Vec<String>>>,
    /// How many names and types are kept.
    n_kept: usize,
}

impl Reading {
    pub(super) fn of(wasm: &[u8]) -> Result<Reading, CodeError> {
        let mut reading = Reading::default();
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload.map_err(|error| invalid(&error))?;
            if let Payload::ComponentTypeSection(section) = &payload {
                nesting::check(wasm, section.range())?;
            }
            reading.payload(payload).map_err(|error| invalid(&error))?;
            if reading.n_kept >= KEPT_MAX {
                return Err(CodeError::Invalid {
                    cause: format!("it has more than {KEPT_MAX} imports, exports and types"),
                });
            }
        }
        Ok(reading)
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind.unwrap_or(Kind::Module)
    }

    /// Whether there is room for one more name or type; beyond it nothing is kept.
    fn keeps(&mut self) -> bool {
        self.n_kept += 1;
        self.n_kept < KEPT_MAX
    }

    /// The versions of WASI that are named.
    pub(super) fn wasi(&self) -> Vec<&'static str> {
        let has = |version: &str| {
            let mut names = self.imports.keys().chain(&self.exports);
            // What is still a draft has numbers of its own.
            names.any(|name| {
                name.starts_with("wasi:") && name.contains(version) && !name.contains("-draft")
            })
        };
        let is_preview1 = |name: &String| name.starts_with("wasi_snapshot_preview1/");
        let versions = [
            ("preview 1", self.imports.keys().any(is_preview1)),
            ("0.2", has("@0.2.")),
            ("0.3", has("@0.3.")),
        ];
        let named = versions.into_iter().filter(|(_, is_named)| *is_named);
        named.map(|(version, _)| version).collect()
    }

    /// The export that a process of this code runs.
    pub(super) fn entry(&self) -> Option<&str> {
        let find = |wanted: &str| self.exports.iter().find(|name| name.starts_with(wanted));
        let entry = match self.kind() {
            Kind::Module => self.exports.iter().find(|name| *name == "_start"),
            Kind::Component => find("wasi:cli/run@0.2").or_else(|| find("wasi:cli/run@0.3")),
        };
        entry.map(String::as_str)
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a parser's enum of some forty events, of which a dozen matter"
    )]
    fn payload(&mut self, payload: Payload<'_>) -> wasmparser::Result<()> {
        let is_outermost = self.depth == 0;
        match payload {
            Payload::Version { encoding, .. } if is_outermost => {
                self.kind = Some(match encoding {
                    Encoding::Module => Kind::Module,
                    Encoding::Component => Kind::Component,
                });
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => self.depth += 1,
            Payload::End(_) => self.depth = self.depth.saturating_sub(1),
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    if is_outermost {
                        self.import(format!("{}/{}", import.module, import.name), Vec::new());
                    }
                    match import.ty {
                        TypeRef::Memory(ty) if is_outermost => self.memory(ty),
                        TypeRef::Table(ty) if is_outermost => self.table(ty),
                        _ => {}
                    }
                }
            }
            Payload::ExportSection(section) if is_outermost => {
                for export in section {
                    self.export(export?.name);
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    self.memory(memory?);
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    self.table(table?.ty);
                }
            }
            Payload::CustomSection(section) => {
                if let KnownCustom::Producers(fields) = section.as_known() {
                    // It is no part of the code: what cannot be read of it is left out.
                    let _unreadable = self.producers(fields);
                }
            }
            Payload::ComponentTypeSection(section) if is_outermost => {
                for ty in section {
                    let functions = self.functions_of(ty?);
                    self.define(functions);
                }
            }
            Payload::ComponentAliasSection(section) if is_outermost => {
                for alias in section {
                    if defines_a_type(&alias?) {
                        self.define(None);
                    }
                }
            }
            Payload::ComponentImportSection(section) if is_outermost => {
                for import in section {
                    let import = import?;
                    self.component_import(import.name.name, import.ty);
                }
            }
            Payload::ComponentExportSection(section) if is_outermost => {
                for export in section {
                    let export = export?;
                    self.export(export.name.name);
                    if export.kind == ComponentExternalKind::Type {
                        self.define(None);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn component_import(&mut self, name: &str, ty: ComponentTypeRef) {
        let functions = match ty {
            ComponentTypeRef::Instance(index) => {
                let index = usize::try_from(index).unwrap_or(usize::MAX);
                let functions = self.types.get(index).and_then(Option::as_ref);
                // Many imports may share one type, and each keeps its functions.
                self.n_kept += functions.map_or(0, Vec::len);
                let functions = functions.filter(|_| self.n_kept < KEPT_MAX);
                functions.cloned().unwrap_or_default()
            }
            // A function that is imported by itself.
            ComponentTypeRef::Func(_) => vec![name.to_owned()],
            ComponentTypeRef::Type(_) => {
                self.define(None);
                Vec::new()
            }
            ComponentTypeRef::Module(_)
            | ComponentTypeRef::Component(_)
            | ComponentTypeRef::Value(_) => Vec::new(),
        };
        self.import(name.to_owned(), functions);
    }

    fn import(&mut self, name: String, functions: Vec<String>) {
        if self.keeps() {
            self.imports.entry(name).or_default().extend(functions);
        }
    }

    fn export(&mut self, name: &str) {
        if self.keeps() {
            self.exports.push(name.to_owned());
        }
    }

    fn define(&mut self, functions: Option<Vec<String>>) {
        if self.keeps() {
            self.types.push(functions);
        }
    }

    /// The functions of an interface's type; none for any other type.
    fn functions_of(&mut self, ty: ComponentType<'_>) -> Option<Vec<String>> {
        let ComponentType::Instance(declarations) = ty else {
            return None;
        };
        let mut functions = Vec::new();
        for declaration in &declarations {
            if let InstanceTypeDeclaration::Export {
                name,
                ty: ComponentTypeRef::Func(_),
            } = declaration
                && self.keeps()
            {
                functions.push(name.name.to_owned());
            }
        }
        Some(functions)
    }

    fn memory(&mut self, ty: wasmparser::MemoryType) {
        push(&mut self.memories, ty.initial, ty.maximum);
    }

    fn table(&mut self, ty: wasmparser::TableType) {
        push(&mut self.tables, ty.initial, ty.maximum);
    }

    fn producers(
        &mut self,
        fields: wasmparser::ProducersSectionReader<'_>,
    ) -> wasmparser::Result<()> {
        for field in fields {
            let field = field?;
            for value in field.values {
                let value = value?;
                let producer = Producer {
                    field: shown(field.name),
                    name: shown(value.name),
                    version: shown(value.version),
                };
                let is_full = self.producers.len() >= Inspection::LISTED_MAX;
                if !is_full && !self.producers.contains(&producer) {
                    self.producers.push(producer);
                }
            }
        }
        Ok(())
    }
}

fn push(extents: &mut Vec<Extent>, initial: u64, maximum: Option<u64>) {
    if extents.len() < Inspection::LISTED_MAX {
        extents.push(Extent { initial, maximum });
    }
}

fn defines_a_type(alias: &ComponentAlias<'_>) -> bool {
    matches!(
        alias,
        ComponentAlias::InstanceExport {
            kind: ComponentExternalKind::Type,
            ..
        } | ComponentAlias::Outer {
            kind: ComponentOuterAliasKind::Type,
            ..
        }
    )
}

fn invalid(error: &wasmparser::BinaryReaderError) -> CodeError {
    CodeError::Invalid {
        cause: shown(&error.to_string()),
    }
}
