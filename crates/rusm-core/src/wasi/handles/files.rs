//! What a path leads to before it is opened: pipes, devices and sockets are not.
//!
//! Opening a pipe waits for whoever opens its other end, on a thread that nobody can break off, and a device may do anything. A guest can
//! make none of them; they are in a folder because somebody put them there.

use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemCtxView};
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorType, HostDescriptor as _, PathFlags,
};

/// Whether it is neither a file nor a folder nor a link. What cannot be told is left to whoever opens it.
pub(super) async fn is_special_p2(
    files: &mut WasiFilesystemCtxView<'_>,
    folder: &Resource<Descriptor>,
    flags: PathFlags,
    path: &str,
) -> bool {
    let folder = Resource::new_borrow(folder.rep());
    let stat = files.stat_at(folder, flags, path.to_owned()).await;
    stat.is_ok_and(|stat| match stat.type_ {
        DescriptorType::RegularFile | DescriptorType::Directory | DescriptorType::SymbolicLink => {
            false
        }
        DescriptorType::Unknown
        | DescriptorType::BlockDevice
        | DescriptorType::CharacterDevice
        | DescriptorType::Fifo
        | DescriptorType::Socket => true,
    })
}
