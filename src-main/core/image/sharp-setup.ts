import sharp from 'sharp';

/**
 * The one door to sharp: everything in this folder imports it from here, so that it is always set up.
 *
 * [Note: Sharp's settings] They apply to the whole process and suit many different images in a row:
 *
 * - One thread per image. Images are independent, so running several at once beats several threads in one. On
 *   2 cores, `inspectFile` takes in 142 images/s (JPEG, 320 px) with one in flight, 203 with 2, 294 with 4,
 *   288 with 8, and 28, 45, 54 and 57 at 12 megapixels; a second thread gains nothing anywhere and costs up to
 *   30 % (`npm run bench -- decode`). So keep two in flight a core. libuv's pool bounds them too: a host
 *   starts the worker with `UV_THREADPOOL_SIZE` at twice its cores (the default is 4 on any machine).
 * - No operation cache: no image is opened twice, and the cache would keep up to 100 of them in memory.
 * - Loaders are allowed by name. SVG and PDF can pull in other files, ImageMagick and OpenSlide read dozens
 *   of formats nobody has fuzzed: files of strangers must not reach them, whatever their first bytes say.
 */
sharp.concurrency(1);
sharp.cache(false);
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: [
    'VipsForeignLoadJpeg',
    'VipsForeignLoadPng',
    'VipsForeignLoadWebp',
    'VipsForeignLoadTiff',
    'VipsForeignLoadHeif',
    'VipsForeignLoadNsgif',
  ],
});

export { sharp };
