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

export class VectorTiles {
  // failed: called with what went wrong (no WebGL, no library): the pictures stay.
  constructor(zIndex, failed) {
    this.box = document.createElement('div');
    this.box.className = 'vector';
    this.failed = failed;
    this.asked = 0;
    this.layer = new ol.layer.Layer({ zIndex, visible: false, properties: { name: 'vector' }, render: (frame) => this.render(frame) });
  }

  // maps: from the lowest up; none: nothing is drawn.
  async show(maps, unit) {
    const mine = ++this.asked;
    this.layer.setVisible(maps.length > 0);
    if (!maps.length) return;
    try {
      const [style] = await Promise.all([styleOf(maps, unit), loadLibrary()]);
      if (mine !== this.asked) return;
      if (this.map) this.map.setStyle(style, { diff: false });
      else this.open(style);
    } catch (problem) {
      if (mine === this.asked) this.failed(problem);
    }
  }

  open(style) {
    this.map = new maplibregl.Map({
      container: this.box, style, interactive: false, attributionControl: false, fadeDuration: 0, trackResize: false, localIdeographFontFamily: false,
      transformRequest: (url) => ({ url, headers: tokenHeaders() }),
    });
    this.map.on('idle', () => { this.box.dataset.drawn = 'yes'; });
    this.map.on('dataloading', () => { this.box.dataset.drawn = 'no'; });
    this.map.on('error', ({ error }) => { if (!(error?.status >= 400)) this.failed(error); }); // a tile that is missing comes again
    this.layer.changed();
  }

  render({ size, viewState }) {
    Object.assign(this.box.style, { width: `${size[0]}px`, height: `${size[1]}px` });
    if (!this.box.isConnected) { // has no size until it stands in the page
      requestAnimationFrame(() => this.layer.changed());
    } else if (this.map) {
      if (this.width !== size[0] || this.height !== size[1]) {
        [this.width, this.height] = size;
        this.map.resize();
      }
      // A tile of 512 px is one of the next zoom's of 256.
      this.map.jumpTo({ center: toLonLat(viewState.center), zoom: viewState.zoom - 1 });
      this.map.redraw();
    }
    return this.box;
  }
}
