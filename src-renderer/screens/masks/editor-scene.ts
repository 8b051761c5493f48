import { rgbOf, type LabelStyle } from '../../canvas/mask-raster.ts';
import type { MaskScene } from '../../canvas/mask-painter.ts';
import type { ConceptId } from '../../../src-main/contract/ids.ts';
import type { MaskGroup } from './levels.ts';
import type { MaskEditor } from './mask-editor.svelte.ts';

const DRAFT_RGB = [255, 255, 255] as const;
const REJECTED_RGB = [170, 170, 170] as const;
/** Unlike all colours of HEAT_COLOURS. */
const OUTLINE_RGB = [0, 229, 255] as const;
const HOVER_ALPHA = 40;
const CHOSEN_ALPHA = 50;
const REJECTED_ALPHA = 20;

type SceneOptions = {
  at: MaskScene['at'];
  ratio: number;
  colourOf: (id: ConceptId | null) => string;
  /** Whether masks are nothing but outlines, so that what is under them can be seen. */
  isOutlined: boolean;
};

/** What the editor shows, for the painter. */
export function sceneOf(editor: MaskEditor, options: SceneOptions): MaskScene {
  const { draft } = editor;
  const shapes = new Map(editor.masks.all.map(({ id, counts }) => [id, counts]));
  const things = editor.display.isShown
    ? editor.choice.groups.map((group) => ({
        shapes: group.ids
          .filter((id) => !editor.choice.hidden.has(id))
          .map((id) => (draft?.id === id ? draft.bitmap : (shapes.get(id) ?? ''))),
        style: styleOf(editor, group, options),
      }))
    : [];
  const drawn =
    draft?.id === null ? [{ shapes: [draft.bitmap], style: draftStyle(editor, options.ratio) }] : [];
  const answer = editor.click.shown;
  const meant = answer === undefined ? [] : [{ shapes: [answer], style: draftStyle(editor, options.ratio) }];
  return { at: options.at, gridHeight: editor.grid.height, things: [...things, ...drawn, ...meant] };
}

function draftStyle({ display: { opacity } }: MaskEditor, ratio: number): LabelStyle {
  return { rgb: DRAFT_RGB, fill: Math.max(60, opacity * 255), line: 255, lineWidth: Math.round(2 * ratio) };
}

function styleOf(
  editor: MaskEditor,
  group: MaskGroup,
  { ratio, colourOf, isOutlined }: Omit<SceneOptions, 'at'>,
): LabelStyle {
  const isChosen = group.ids.some((id) => editor.choice.selection.has(id));
  const isRejected = group.ids.every((id) => editor.masks.find(id)?.review === 'rejected');
  const isHovered = editor.choice.hoveredKey === group.key;
  const opacity = isOutlined ? 0 : editor.display.opacity * 255;
  const base = isRejected ? Math.min(REJECTED_ALPHA, opacity) : opacity;
  const fill = Math.min(
    255,
    Math.round(base + (isHovered ? HOVER_ALPHA : 0) + (isChosen ? CHOSEN_ALPHA : 0)),
  );
  const hasLine = isOutlined || editor.display.hasOutlines || isChosen || isHovered;
  return {
    rgb: isRejected ? REJECTED_RGB : isOutlined ? OUTLINE_RGB : rgbOf(colourOf(group.conceptId)),
    fill,
    line: hasLine ? (isRejected && !isChosen ? 140 : 255) : fill,
    lineWidth: Math.max(1, Math.round((isChosen ? 2.5 : isOutlined ? 1.75 : 1.25) * ratio)),
  };
}
