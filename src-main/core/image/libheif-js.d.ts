/** The few functions of libheif-js 1.23 that `heic.ts` uses; the package brings no types for this entry. */
declare module 'libheif-js/libheif-wasm/libheif-bundle.js' {
  /** Opaque pointers into the memory of the WebAssembly module. */
  export type HeifContext = { readonly __context: unique symbol };
  export type HeifHandle = { readonly __handle: unique symbol };
  export type HeifImage = { readonly __image: unique symbol };
  type HeifEnum = { readonly value: number };

  /** `code` compares by identity with the members of `heif_error_code`. */
  export type HeifError = { code: HeifEnum; subcode: HeifEnum; message: string };
  export type HeifChannel = { id: HeifEnum; width: number; height: number; stride: number; data: Uint8Array };
  export type HeifDecoded = { image: HeifImage; channels: HeifChannel[]; code?: undefined };

  export type LibHeif = {
    readonly HEAPU8: Uint8Array;
    heif_context_alloc(): HeifContext;
    heif_context_free(context: HeifContext): void;
    heif_context_read_from_memory(context: HeifContext, bytes: Uint8Array): HeifError;
    heif_context_get_number_of_top_level_images(context: HeifContext): number;
    heif_js_context_get_primary_image_handle(context: HeifContext): HeifHandle | HeifError;
    heif_image_handle_get_width(handle: HeifHandle): number;
    heif_image_handle_get_height(handle: HeifHandle): number;
    heif_image_handle_has_alpha_channel(handle: HeifHandle): number;
    heif_image_handle_is_premultiplied_alpha(handle: HeifHandle): number;
    heif_image_handle_release(handle: HeifHandle): void;
    heif_js_decode_image2(handle: HeifHandle, space: HeifEnum, chroma: HeifEnum): HeifDecoded | HeifError;
    heif_image_release(image: HeifImage): void;
    readonly heif_error_code: { heif_error_Ok: HeifEnum };
    readonly heif_colorspace: { heif_colorspace_RGB: HeifEnum };
    readonly heif_chroma: { heif_chroma_interleaved_RGB: HeifEnum; heif_chroma_interleaved_RGBA: HeifEnum };
    readonly heif_channel: { heif_channel_interleaved: HeifEnum };
  };

  const createLibHeif: (options: { printErr: (line: string) => void }) => LibHeif;
  export default createLibHeif;
}
