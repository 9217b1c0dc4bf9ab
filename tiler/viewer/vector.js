// vector.js - the map as vector tiles: MapLibre GL draws, as a layer of the OpenLayers map, so that
// marks, clicks and answers are those of the pictures. Loaded when it is first wanted.
import { request, tokenHeaders } from './access.js';

const { toLonLat } = ol.proj;
let loading = null;

function loadLibrary() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = 'viewer/maplibre-gl.js';
    script.onload = () => {
      maplibregl.setWorkerUrl('viewer/maplibre-gl-worker.js');
      resolve();
    };
    script.onerror = () => {
      loading = null;
      script.remove();
      reject(new Error('viewer/maplibre-gl.js'));
    };
    document.head.append(script);
  });
  return loading;
}

// Sources of the unit of ?unit=, which are the same for every map.
const OF_UNIT = /^sisetu:/;
const GROUND = /^(units|boundaries)(_places)?$/;

const isName = ({ type, layout }) => type === 'symbol' && layout['text-field'] && !layout['icon-image'];

// Names of the lowest map above what is laid on it, as the pictures' ?overlay=names; what pales all else stays last.
function namesUp(layers, ground) {
  const rank = (layer) => (OF_UNIT.test(layer.source) && layer.type === 'fill' ? 2 : layer.source === ground && isName(layer) ? 1 : 0);
  return [0, 1, 2].flatMap((wanted) => layers.filter((layer) => rank(layer) === wanted));
}

// The style of several maps laid over each other: each with a source of its own, and the unit, that
// pales all else, once upon all.
async function styleOf(maps, { style, unit }) {
  const styles = await Promise.all(maps.map(async (map) => {
    const response = await request(`styles/${encodeURIComponent(style)}.json?${new URLSearchParams({ map, ...(unit && { unit }) })}`);
    if (!response.ok) throw new Error(`${response.status}`);
    return response.json();
  }));
  const top = styles[styles.length - 1];
  const ofUnit = (layer) => OF_UNIT.test(layer.source);
  // Of a map that is laid on another, as ?overlay=1 of the pictures: what would hide that, or say again what stands on it.
  const isGround = (layer) => layer.type === 'background' || GROUND.test(layer['source-layer']);
  const layers = styles.flatMap(({ layers: own }, i) => own
    .filter((layer) => (i === 0 || !isGround(layer)) && (own === top.layers || !ofUnit(layer)))
    .map((layer) => ({ ...layer, id: `${maps[i]}|${layer.id}`, ...(layer.source && !ofUnit(layer) && { source: maps[i] }) })));
  const tiles = ({ sources }) => Object.entries(sources).find(([name]) => !OF_UNIT.test(name))[1];
  return {
    ...top, layers: maps.length > 1 ? namesUp(layers, maps[0]) : layers,
    sources: {
      ...Object.fromEntries(Object.entries(top.sources).filter(([name]) => OF_UNIT.test(name))),
      ...Object.fromEntries(maps.map((map, i) => [map, tiles(styles[i])])),
    },
  };
}

const RETRY_MS = 3000;

export class VectorTiles {
  // failed: called with what went wrong (no WebGL, no library): the pictures stay.
  constructor(zIndex, failed) {
    this.box = document.createElement('div');
    this.box.className = 'vector';
    this.failed = failed;
    this.asked = 0; // number of the last choice
    this.drawing = 0; // number of the choice whose style is drawn
    this.missing = 0; // tiles that did not come, and are asked for again
    this.drawn = true;
    this.layer = new ol.layer.Layer({ zIndex, visible: false, properties: { name: 'vector' }, render: (frame) => this.render(frame) });
  }

  // maps: from the lowest up; none: nothing is drawn. look: { style, unit }.
  async show(maps, look) {
    const mine = ++this.asked;
    this.layer.setVisible(maps.length > 0);
    this.setDrawn(!maps.length);
    if (!maps.length) return;
    try {
      const [style] = await Promise.all([styleOf(maps, look), loadLibrary()]);
      if (mine !== this.asked) return;
      this.style = style;
      if (this.map) this.map.setStyle(style, { diff: false });
      this.drawing = mine;
      this.layer.changed();
    } catch (problem) {
      if (mine === this.asked) this.failed(problem);
    }
  }

  // Drawn: every tile of the style and the view that were asked for last is here and painted.
  setDrawn(drawn) {
    if (this.drawn === drawn) return;
    this.drawn = drawn;
    this.layer.changed();
  }

  open(camera) {
    this.map = new maplibregl.Map({
      container: this.box, style: this.style, ...camera, interactive: false, attributionControl: false, fadeDuration: 0, crossSourceCollisions: false, trackResize: false, localIdeographFontFamily: false,
      transformRequest: (url) => ({ url, headers: tokenHeaders() }),
    });
    // Idle: all that the style of the moment wants has come, and no frame is due; a tile that failed counts as come.
    this.map.on('idle', () => this.setDrawn(this.drawing === this.asked && this.missing === 0));
    this.map.on('dataloading', () => this.setDrawn(false));
    this.map.on('error', (event) => {
      if (event.error?.status === undefined) this.failed(event.error); // not of a request
      else if (event.tile) this.askAgain(event.sourceId, event.tile.tileID.canonical);
    });
  }

  askAgain(source, tile) {
    const mine = this.drawing;
    this.missing++;
    setTimeout(() => {
      this.missing--;
      if (mine === this.drawing) this.map.refreshTiles(source, [tile]);
      this.map.triggerRepaint();
    }, RETRY_MS);
  }

  render({ size: [width, height], viewState }) {
    Object.assign(this.box.style, { width: `${width}px`, height: `${height}px` });
    // A tile of 512 px is one of the next zoom's of 256.
    const camera = { center: toLonLat(viewState.center), zoom: viewState.zoom - 1 };
    const view = `${width}|${height}|${camera.center}|${camera.zoom}`;
    if (!this.box.isConnected) { // has no size until it stands in the page
      requestAnimationFrame(() => this.layer.changed());
    } else if (!this.map) {
      if (this.style) this.open(camera);
    } else if (view !== this.view) {
      this.setDrawn(false);
      this.map.resize();
      this.map.jumpTo(camera);
      this.map.redraw();
    }
    if (this.map) this.view = view;
    return this.box;
  }
}
