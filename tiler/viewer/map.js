// map.js - the OpenLayers map: tiles, overlays, what is marked, the permalink's view.
import { hasToken, request } from './access.js';
import { VectorTiles } from './vector.js';
import { t } from './words.js';

const { Map: OlMap, View, Feature } = ol;
const { fromLonLat, toLonLat, transformExtent } = ol.proj;

const TILE_LAYERS = ['tiles', 'pipelines', 'dangers']; // from the lowest up

const retina = window.devicePixelRatio > 1.25;

// An image sends no header of ours, so that with a token its bytes are fetched, and let go once shown.
function loadTile(tile, src) {
  const image = tile.getImage();
  if (!hasToken()) {
    image.src = src;
    return;
  }
  const fetched = async () => {
    const response = await request(src);
    if (!response.ok) throw new Error(`${response.status}`);
    const address = URL.createObjectURL(await response.blob());
    for (const end of ['load', 'error']) image.addEventListener(end, () => URL.revokeObjectURL(address), { once: true });
    image.src = address;
  };
  fetched().catch(() => tile.setState(ol.TileState.ERROR));
}

function tileLayer(name, zIndex) {
  const source = new ol.source.XYZ({
    maxZoom: 20, tilePixelRatio: retina ? 2 : 1, transition: 0, projection: 'EPSG:3857',
    tileUrlFunction: () => undefined, tileLoadFunction: loadTile,
  });
  return new ol.layer.Tile({ source, zIndex, properties: { name } });
}

// Symbols of the grades where colour alone does not tell them: corners, and whether one is on top.
const SHAPES = { 1: [3, true], 2: [4, true], 3: [4, false] };

// Small where the whole region is in view, so that names stay legible; red a little larger.
function plantStyle({ colours, shapes, dark }, feature, resolution) {
  const grade = feature.get('grade');
  const near = resolution < 160;
  const radius = (near ? 6 : 3) + (grade === 1 ? 1 : 0);
  const look = {
    fill: new ol.style.Fill({ color: colours[grade] ?? '#a0a0a0' }),
    stroke: shapes ? new ol.style.Stroke({ color: '#000000', width: near ? 1.5 : 0.75 }) : new ol.style.Stroke({ color: near !== dark ? '#ffffff' : '#1c2733', width: near ? 2 : 0.75 }),
  };
  if (!shapes || !SHAPES[grade]) return new ol.style.Style({ image: new ol.style.Circle({ ...look, radius }) });
  const [points, upright] = SHAPES[grade];
  return new ol.style.Style({ image: new ol.style.RegularShape({ ...look, points, radius: radius * 1.4, angle: upright ? 0 : Math.PI / 4 }) });
}

function conflictStyle({ dark }, feature) {
  const undecided = feature.get('verdict') === 'undecided';
  const colour = undecided ? (dark ? '#ffcf70' : '#6d4700') : dark ? '#ff6b6b' : '#b31212';
  return new ol.style.Style({
    stroke: new ol.style.Stroke({ color: colour, width: 2, lineDash: undecided ? [3, 5] : [8, 4] }),
    fill: new ol.style.Fill({ color: `${colour}22` }),
  });
}

const markStyle = [
  new ol.style.Style({ stroke: new ol.style.Stroke({ color: '#ffffff', width: 5 }) }),
  new ol.style.Style({
    stroke: new ol.style.Stroke({ color: '#14508c', width: 2, lineDash: [6, 4] }), fill: new ol.style.Fill({ color: '#14508c14' }),
    image: new ol.style.Circle({ radius: 6, fill: new ol.style.Fill({ color: '#14508c' }), stroke: new ol.style.Stroke({ color: '#fff', width: 2 }) }),
  }),
];

export class RiskMap {
  // failed: called when vector tiles cannot be drawn.
  constructor(target, failed) {
    this.format = 'png';
    this.vector = new VectorTiles(1, failed);
    this.shown = { map: 'risk', unit: '', style: '' };
    this.look = { colours: {}, shapes: false, dark: false };
    this.visible = { tiles: true };
    this.tiles = tileLayer('tiles', 1);
    this.dangers = tileLayer('dangers', 2);
    this.dangers.setVisible(false);
    this.pipelines = tileLayer('pipelines', 2);
    this.pipelines.setVisible(false);
    this.names = tileLayer('names', 5); // of the map, once more, on top of what is laid on it
    this.names.setVisible(false);
    this.plants = new ol.layer.Vector({ source: new ol.source.Vector(), style: (...of) => plantStyle(this.look, ...of), zIndex: 4, properties: { name: 'enterprises' } });
    // No name hides a red one.
    this.reds = new ol.layer.Vector({ source: this.plants.getSource(), style: (feature, resolution) => feature.get('grade') === 1 ? plantStyle(this.look, feature, resolution) : null, zIndex: 6 });
    this.conflicts = new ol.layer.Vector({ source: new ol.source.Vector(), style: (...of) => conflictStyle(this.look, ...of), zIndex: 3, visible: false, properties: { name: 'conflicts' } });
    this.marks = new ol.layer.Vector({ source: new ol.source.Vector(), style: markStyle, zIndex: 7 });
    this.view = new View({ center: fromLonLat([106.2, 37.4]), zoom: 7, minZoom: 3, maxZoom: 20, constrainResolution: true, enableRotation: false });
    this.map = new OlMap({
      target, view: this.view,
      layers: [this.tiles, this.vector.layer, this.dangers, this.pipelines, this.conflicts, this.plants, this.names, this.reds, this.marks],
      controls: [new ol.control.Zoom({ zoomInTipLabel: '', zoomOutTipLabel: '' }), new ol.control.ScaleLine({ units: 'metric', minWidth: 80 }), new ol.control.Attribution({ collapsible: true })],
    });
    this.tellDrawn();
  }

  // data-drawn is "yes" while all that was chosen is on the screen: every tile of the view has come
  // and is painted, and nothing moves. Whatever changes makes it "no" until a later frame is whole.
  tellDrawn() {
    const { dataset } = this.map.getTargetElement();
    let frame = -1;
    let changedIn = -1;
    const change = () => {
      changedIn = frame;
      dataset.drawn = 'no';
      this.map.render();
    };
    this.map.on('postrender', ({ frameState }) => { frame = frameState?.index ?? frame; });
    this.map.on('change:size', change);
    this.map.getLayerGroup().on('change', change);
    this.view.on(['change', 'propertychange'], change);
    this.map.on('rendercomplete', ({ frameState }) => {
      if (frameState.index > changedIn && !this.view.getAnimating() && !this.view.getInteracting() && this.vector.drawn && !this.due) dataset.drawn = 'yes';
    });
    change();
  }

  layer(name) {
    return this.map.getLayers().getArray().find((layer) => layer.get('name') === name);
  }

  // Which tiles to show: the map's name, the style's ('': the server's own choice), and the unit outside
  // which all is dimmed.
  setTiles({ map, style, unit }) {
    this.shown = { map, style, unit };
    this.showTiles();
  }

  // The style that is drawn where none is chosen.
  setDefaultStyle(name) {
    this.defaultStyle = name;
    if (this.format === 'mvt') this.showTiles();
  }

  // What plants and conflicts look like upon the tiles: { colours by grade, shapes, dark }.
  setLook(look) {
    this.look = look;
    this.plants.changed();
    this.reds.changed();
    this.conflicts.changed();
  }

  // As pictures ('png') or as vector tiles ('mvt').
  setFormat(format) {
    this.format = format;
    this.showTiles();
  }

  setShown(name, on) {
    this.visible = { ...this.visible, [name]: on };
    if (!TILE_LAYERS.includes(name)) this.layer(name)?.setVisible(on);
    if (name === 'enterprises') this.reds.setVisible(on);
    this.showTiles();
  }

  // Once for all that is chosen at once.
  showTiles() {
    this.due ??= Promise.resolve().then(() => {
      this.due = null;
      this.showNow();
    });
  }

  showNow() {
    const { map, unit } = this.shown;
    const style = this.shown.style || this.defaultStyle;
    const maps = new Map(); // from the lowest up, each once, and the layer that shows it
    for (const name of TILE_LAYERS.filter((one) => this.visible[one])) {
      const shown = name === 'tiles' ? map : name;
      if (!maps.has(shown)) maps.set(shown, name);
    }
    const vector = this.format === 'mvt';
    for (const name of TILE_LAYERS) this.layer(name).setVisible(!vector && [...maps.values()].includes(name));
    if (!vector) [...maps].forEach(([one, name], i) => this.point(this.layer(name), one, i > 0 && '1'));
    const covered = maps.size > 1 || this.visible.enterprises || this.visible.conflicts;
    this.names.setVisible(Boolean(!vector && this.visible.tiles && covered));
    if (this.names.getVisible()) this.point(this.names, map, 'names');
    this.vector.show(vector && style ? [...maps.keys()] : [], { style, unit });
  }

  // overlay: '1' for what lies on another map and has no ground of its own, 'names' for the names alone.
  point(layer, map, overlay) {
    const { style, unit } = this.shown;
    const query = new URLSearchParams({ ...(style && { style }), ...(unit && { unit }), ...(overlay && { overlay }) }).toString();
    const suffix = `${retina ? '@2x' : ''}.png${query && `?${query}`}`;
    layer.getSource().setTileUrlFunction(([z, x, y]) => `tiles/${map}/${z}/${x}/${y}${suffix}`, `${map}|${query}`);
  }

  refreshTiles() {
    if (this.format === 'mvt') this.showTiles();
    this.tiles.getSource().refresh();
    this.dangers.getSource().refresh();
    this.pipelines.getSource().refresh();
    this.names.getSource().refresh();
  }

  setBasemap(basemap) {
    if (!basemap) return;
    const layers = basemap.kind === 'tianditu'
      ? ['vec_w', 'cva_w'].map((set) => `https://t{0-7}.tianditu.gov.cn/${set}/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=${set.slice(0, 3)}&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILECOL={x}&TILEROW={y}&TILEMATRIX={z}&tk=${encodeURIComponent(basemap.key)}`)
      : [basemap.url];
    const group = new ol.layer.Group({
      zIndex: 0, properties: { name: 'basemap' },
      layers: layers.map((url) => new ol.layer.Tile({ source: new ol.source.XYZ({ url, attributions: basemap.attribution ?? (basemap.kind === 'tianditu' ? '天地图' : undefined), maxZoom: 18 }) })),
    });
    this.map.addLayer(group);
  }

  setPlants(items) {
    const source = this.plants.getSource();
    source.clear(true);
    source.addFeatures(items.map((item) => new Feature({ geometry: new ol.geom.Point(fromLonLat([item.lon, item.lat])), id: item.id, grade: item.grade.grade })));
  }

  setConflicts(collection) {
    const source = this.conflicts.getSource();
    source.clear(true);
    source.addFeatures(new ol.format.GeoJSON().readFeatures(collection, { featureProjection: 'EPSG:3857' }));
  }

  // Marks a point, its circle and lines between closest points.
  mark(lonlat, radius, lines = []) {
    const source = this.marks.getSource();
    source.clear(true);
    if (lonlat) source.addFeature(new Feature(new ol.geom.Point(fromLonLat(lonlat))));
    if (lonlat && radius) {
      const circle = ol.geom.Polygon.circular ? ol.geom.Polygon.circular(lonlat, radius, 128) : null;
      if (circle) source.addFeature(new Feature(circle.transform('EPSG:4326', 'EPSG:3857')));
    }
    for (const line of lines) if (line) source.addFeature(new Feature(new ol.geom.LineString(line.map((p) => fromLonLat(p)))));
  }

  fit(bounds, maxZoom = 14) {
    const wide = this.map.getSize()?.[0] > 760;
    this.view.fit(transformExtent(bounds, 'EPSG:4326', 'EPSG:3857'), { padding: wide ? [30, 400, 40, 40] : [60, 10, 60, 10], maxZoom });
  }

  fly(lonlat, zoom) {
    this.view.animate({ center: fromLonLat(lonlat), zoom: Math.max(this.view.getZoom(), zoom), duration: 600 });
  }

  state() {
    const [lon, lat] = toLonLat(this.view.getCenter());
    return { z: Math.round(this.view.getZoom()), lon: lon.toFixed(5), lat: lat.toFixed(5) };
  }

  setState({ z, lon, lat }) {
    this.view.setCenter(fromLonLat([Number(lon), Number(lat)]));
    this.view.setZoom(Number(z));
  }

  bounds() {
    return transformExtent(this.view.calculateExtent(this.map.getSize()), 'EPSG:3857', 'EPSG:4326');
  }

  // Metres on the ground a pixel, at the middle of the view.
  metresAPixel() {
    const [, lat] = toLonLat(this.view.getCenter());
    return this.view.getResolution() * Math.cos((lat * Math.PI) / 180);
  }

  onClick(callback) {
    this.map.on('singleclick', (event) => {
      const hit = this.map.forEachFeatureAtPixel(event.pixel, (feature) => feature, { hitTolerance: 4, layerFilter: (layer) => layer === this.plants });
      callback(toLonLat(event.coordinate), hit?.get('id'));
    });
  }

  onMove(callback) {
    this.map.on('moveend', callback);
  }

  onPointer(callback) {
    this.map.on('pointermove', (event) => callback(toLonLat(event.coordinate)));
    this.map.getViewport().addEventListener('pointerleave', () => callback(null));
  }

  relabel() {
    const labels = { '.ol-zoom-in': '+', '.ol-zoom-out': '−' };
    for (const [selector, text] of Object.entries(labels)) this.map.getTargetElement().querySelector(selector)?.setAttribute('aria-label', `${t('map')} ${text}`);
  }
}
