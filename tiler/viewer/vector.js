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

// All that lies outside of a unit pales, and the unit has an edge: where its level is in the tiles.
const veil = (source, unit) => [
  { id: 'veil', type: 'fill', filter: ['all', ['==', ['get', 'level'], unit.level], ['!=', ['get', 'code'], unit.code]], paint: { 'fill-color': '#ffffff', 'fill-opacity': 0.72 } },
  { id: 'selected', type: 'line', filter: ['==', ['get', 'code'], unit.code], layout: { 'line-join': 'round' }, paint: { 'line-color': '#1f3a93', 'line-width': 2.5 } },
].map((layer) => ({ ...layer, source, 'source-layer': 'units' }));

// The style of several maps laid over each other: each with a source of its own.
async function styleOf(maps, unit) {
  const styles = await Promise.all(maps.map(async (map) => {
    const response = await request(`styles/four-colour.json?map=${map}`);
    if (!response.ok) throw new Error(`${response.status}`);
    return response.json();
  }));
  return {
    ...styles[0],
    sources: Object.fromEntries(maps.map((map, i) => [map, Object.values(styles[i].sources)[0]])),
    layers: [
      ...maps.flatMap((map, i) => styles[i].layers.filter((layer) => layer.type !== 'background').map((layer) => ({ ...layer, id: `${map}|${layer.id}`, source: map }))),
      ...(unit ? veil(maps[maps.length - 1], unit) : []),
    ],
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

  // maps: from the lowest up; none: nothing is drawn.
  async show(maps, unit) {
    const mine = ++this.asked;
    this.layer.setVisible(maps.length > 0);
    this.setDrawn(!maps.length);
    if (!maps.length) return;
    try {
      const [style] = await Promise.all([styleOf(maps, unit), loadLibrary()]);
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
      container: this.box, style: this.style, ...camera, interactive: false, attributionControl: false, fadeDuration: 0, trackResize: false, localIdeographFontFamily: false,
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
