// Where a picture's bytes are.
import GVTCore

// Filled in by the buffers component: PlaneBuffer with cases for dmabuf, pages and bytes.
