// SPDX-License-Identifier: GPL-2.0
/*
 * rigpu - a DRM device that reads imported dmabufs as a GPU does, for tests: it attaches to the dmabuf, asks its owner
 * for DMA addresses (dma_buf_map_attachment), and never calls the dmabuf's mmap.
 *
 * Mesa's kms_swrast draws with it. That driver maps what it has imported with MODE_MAP_DUMB, which every other driver
 * refuses for imported objects; here it shows the memory at the DMA addresses. There is no IOMMU in the VM that this is
 * for: a DMA address is a physical address.
 */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/platform_device.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_gem_shmem_helper.h>
#include <drm/drm_prime.h>

static const struct vm_operations_struct rigpu_imported_vm_ops = {
	.open = drm_gem_vm_open,
	.close = drm_gem_vm_close,
};

static int rigpu_mmap(struct drm_gem_object *object, struct vm_area_struct *vma)
{
	struct drm_gem_shmem_object *shmem = to_drm_gem_shmem_obj(object);
	unsigned long address = vma->vm_start;
	struct sg_dma_page_iter page;
	int ret;

	if (!object->import_attach)
		return drm_gem_shmem_mmap(shmem, vma);
	vma->vm_flags |= VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP;
	vma->vm_ops = &rigpu_imported_vm_ops;
	for_each_sgtable_dma_page(shmem->sgt, &page, 0) {
		if (address >= vma->vm_end)
			break;
		ret = remap_pfn_range(vma, address, PHYS_PFN(sg_page_iter_dma_address(&page)), PAGE_SIZE,
				      vma->vm_page_prot);
		if (ret)
			return ret;
		address += PAGE_SIZE;
	}
	return 0;
}

static const struct drm_gem_object_funcs rigpu_object_funcs = {
	.free = drm_gem_shmem_object_free,
	.print_info = drm_gem_shmem_object_print_info,
	.pin = drm_gem_shmem_object_pin,
	.unpin = drm_gem_shmem_object_unpin,
	.get_sg_table = drm_gem_shmem_object_get_sg_table,
	.vmap = drm_gem_shmem_object_vmap,
	.vunmap = drm_gem_shmem_object_vunmap,
	.mmap = rigpu_mmap,
	.vm_ops = &drm_gem_shmem_vm_ops,
};

static struct drm_gem_object *rigpu_create_object(struct drm_device *drm, size_t size)
{
	struct drm_gem_shmem_object *shmem = kzalloc(sizeof(*shmem), GFP_KERNEL);

	if (!shmem)
		return ERR_PTR(-ENOMEM);
	shmem->base.funcs = &rigpu_object_funcs;
	return &shmem->base;
}

/* As drm_gem_dumb_map_offset, for imported objects too. */
static int rigpu_map_offset(struct drm_file *file, struct drm_device *drm, u32 handle, u64 *offset)
{
	struct drm_gem_object *object = drm_gem_object_lookup(file, handle);
	int ret;

	if (!object)
		return -ENOENT;
	ret = drm_gem_create_mmap_offset(object);
	*offset = drm_vma_node_offset_addr(&object->vma_node);
	drm_gem_object_put(object);
	return ret;
}

DEFINE_DRM_GEM_FOPS(rigpu_fops);

static const struct drm_driver rigpu_driver = {
	.driver_features = DRIVER_GEM | DRIVER_RENDER,
	.fops = &rigpu_fops,
	DRM_GEM_SHMEM_DRIVER_OPS,
	.gem_create_object = rigpu_create_object,
	.dumb_map_offset = rigpu_map_offset,
	.name = "rigpu",
	.desc = "reads dmabufs by DMA address",
	.date = "20260101",
	.major = 1,
};

static struct platform_device *device;
static struct drm_device *drm;

static int __init rigpu_init(void)
{
	int ret;

	device = platform_device_register_simple("rigpu", -1, NULL, 0);
	if (IS_ERR(device))
		return PTR_ERR(device);
	ret = dma_coerce_mask_and_coherent(&device->dev, DMA_BIT_MASK(64));
	if (ret)
		goto no_device;
	drm = drm_dev_alloc(&rigpu_driver, &device->dev);
	if (IS_ERR(drm)) {
		ret = PTR_ERR(drm);
		goto no_device;
	}
	ret = drm_dev_register(drm, 0);
	if (!ret)
		return 0;
	drm_dev_put(drm);
no_device:
	platform_device_unregister(device);
	return ret;
}

static void __exit rigpu_exit(void)
{
	drm_dev_unregister(drm);
	drm_dev_put(drm);
	platform_device_unregister(device);
}

module_init(rigpu_init);
module_exit(rigpu_exit);
MODULE_IMPORT_NS(DMA_BUF);
MODULE_DESCRIPTION("reads dmabufs by DMA address");
MODULE_LICENSE("GPL");
