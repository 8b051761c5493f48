/** How points are placed on a canvas: pixel = point * scale + offset, in pixels of the canvas. */
type PointView = { scale: number; x: number; y: number; sizePx: number };

/** Draws many points. Colours are numbers of a palette of up to 256. */
export type PointPainter = Disposable & {
  /** @param places [n, 2] */
  setPlaces: (places: Float32Array) => void;
  /** @param looks [n, 2]: number of the colour, and 1 for points that stand out */
  setLooks: (looks: Uint8Array) => void;
  /** @param colours as `#rrggbb` */
  setPalette: (colours: readonly string[]) => void;
  /** @param isDimmed whether only the points that stand out are drawn in full */
  draw: (view: PointView, isDimmed: boolean) => void;
};

const MAX_COLOURS = 256;
/** How much is seen of points that do not stand out. */
const DIMMED = 0.22;

/**
 * A painter for a canvas: by WebGL, or, where the browser has none, by the canvas itself, which takes ten times as long.
 *
 * Written here rather than taken from a library: regl, and so regl-scatterplot, makes functions from text, which the
 * page's policy forbids, and deck.gl brings a whole engine for one kind of shape.
 */
export function openPointPainter(canvas: HTMLCanvasElement): PointPainter {
  const gl = canvas.getContext('webgl2', { antialias: false, premultipliedAlpha: true });
  if (gl) return webGlPainter(gl);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this browser has no canvas');
  return plainPainter(context);
}

const VERTEX = `#version 300 es
in vec2 place;
in vec2 look;
uniform vec4 view; // scale and offset to clip space
uniform float size;
uniform float dimmed;
uniform sampler2D palette;
out vec4 colour;
void main() {
  gl_Position = vec4(place * view.xy + view.zw, 0.0, 1.0);
  gl_PointSize = look.y > 0.5 ? size * 1.3 : size;
  float alpha = look.y > 0.5 ? 1.0 : dimmed;
  colour = vec4(texelFetch(palette, ivec2(int(look.x), 0), 0).rgb, alpha);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
in vec4 colour;
uniform float size;
out vec4 pixel;
void main() {
  float away = length(gl_PointCoord - 0.5) * 2.0;
  float inside = 1.0 - smoothstep(1.0 - 2.0 / size, 1.0, away);
  if (inside <= 0.0) discard;
  pixel = vec4(colour.rgb, 1.0) * colour.a * inside;
}`;

function webGlPainter(gl: WebGL2RenderingContext): PointPainter {
  const program = link(gl);
  const uniform = (name: string) => gl.getUniformLocation(program, name);
  const [view, size, dimmed] = [uniform('view'), uniform('size'), uniform('dimmed')];
  const places = attribute(gl, program, { name: 'place', type: gl.FLOAT });
  const looks = attribute(gl, program, { name: 'look', type: gl.UNSIGNED_BYTE });
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER])
    gl.texParameteri(gl.TEXTURE_2D, filter, gl.NEAREST);
  gl.useProgram(program);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  let count = 0;
  return {
    setPlaces: (values) => {
      count = values.length / 2;
      places(values);
    },
    setLooks: looks,
    setPalette: (colours) => {
      const texels = new Uint8Array(MAX_COLOURS * 4);
      colours.slice(0, MAX_COLOURS).forEach((colour, at) => texels.set([...channels(colour), 255], at * 4));
      const { TEXTURE_2D, RGBA, RGBA8, UNSIGNED_BYTE } = gl;
      gl.texImage2D(TEXTURE_2D, 0, RGBA8, MAX_COLOURS, 1, 0, RGBA, UNSIGNED_BYTE, texels);
    },
    draw: ({ scale, x, y, sizePx }, isDimmed) => {
      const { width, height } = gl.canvas;
      gl.viewport(0, 0, width, height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      // Pixels count from the top, clip space from the bottom.
      gl.uniform4f(
        view,
        (2 * scale) / width,
        (-2 * scale) / height,
        (2 * x) / width - 1,
        1 - (2 * y) / height,
      );
      gl.uniform1f(size, sizePx);
      gl.uniform1f(dimmed, isDimmed ? DIMMED : 1);
      gl.drawArrays(gl.POINTS, 0, count);
    },
    [Symbol.dispose]: () => gl.getExtension('WEBGL_lose_context')?.loseContext(),
  };
}

/** A buffer of pairs that the program reads. @returns what fills it */
function attribute(
  gl: WebGL2RenderingContext,
  program: WebGLProgram,
  { name, type }: { name: string; type: number },
): (values: Float32Array | Uint8Array) => void {
  const buffer = gl.createBuffer();
  const place = gl.getAttribLocation(program, name);
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.enableVertexAttribArray(place);
  gl.vertexAttribPointer(place, 2, type, false, 0, 0);
  return (values) => {
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
  };
}

function link(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(type);
    if (!shader) throw new Error('the WebGL context is lost');
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  // A context that was lost meanwhile links nothing, and draws nothing.
  if (gl.getProgramParameter(program, gl.LINK_STATUS) || gl.isContextLost()) return program;
  throw new Error(gl.getProgramInfoLog(program) ?? 'the program of the points does not link');
}

function plainPainter(context: CanvasRenderingContext2D): PointPainter {
  let [places, looks]: [Float32Array, Uint8Array] = [new Float32Array(), new Uint8Array()];
  let palette: readonly string[] = [];
  const drawThose = (isOut: boolean, { scale, x, y, sizePx }: PointView) => {
    const half = sizePx / 2;
    for (let at = 0; at < places.length; at += 2) {
      if ((looks[at + 1] === 1) !== isOut) continue;
      context.fillStyle = palette[looks[at] ?? 0] ?? '#808080';
      context.fillRect(
        (places[at] ?? 0) * scale + x - half,
        (places[at + 1] ?? 0) * scale + y - half,
        sizePx,
        sizePx,
      );
    }
  };
  return {
    setPlaces: (values) => (places = values),
    setLooks: (values) => (looks = values),
    setPalette: (colours) => (palette = colours),
    draw: (view, isDimmed) => {
      context.clearRect(0, 0, context.canvas.width, context.canvas.height);
      context.globalAlpha = isDimmed ? DIMMED : 1;
      drawThose(false, view);
      context.globalAlpha = 1;
      drawThose(true, view);
    },
    [Symbol.dispose]: () => undefined,
  };
}

/** The channels of `#rrggbb`, 0..255. */
function channels(colour: string): number[] {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}
