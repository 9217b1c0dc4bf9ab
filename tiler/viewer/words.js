// words.js - every word on the page, Chinese and English, and how numbers read.

const words = {
  zh: {
    title: '四色图', map: '图面', mapCanvas: '地图', unit: '行政区', tool: '工具', legend: '图例', layers: '图层', list: '红橙企业', answer: '结果', close: '关闭', panel: '面板',
    'map-risk': '自动', 'map-region': '全区', 'map-city': '市级', 'map-county': '县级', 'map-dangers': '隐患',
    'tool-at': '查询', 'tool-check': '选址', 'tool-incident': '事故', other: 'English', wholeRegion: '全部',
    style: '样式', 'style-four-colour': '四色', 'style-accessible': '无障碍', 'style-dark': '深色', 'style-print': '打印', noStyle: '服务没有此样式，已改用默认样式：', format: '瓦片', 'format-png': '图片', 'format-mvt': '矢量', noVector: '无法显示矢量瓦片，已改用图片。', 'layer-tiles': '四色底图', 'layer-dangers': '事故隐患', 'layer-enterprises': '红橙企业', 'layer-conflicts': '冲突', 'layer-pipelines': '管道分级', 'layer-basemap': '底图',
    grade1: '红', grade2: '橙', grade3: '黄', grade4: '蓝', grade0: '未评', could: '可能为', why: '理由', nothing: '此处没有数据', loading: '正在查询…',
    units: '所在行政区', cell: '网格', near: '附近企业', zones: '所在危险区', areas: '所在区域', conflicts: '冲突', population: '人口', density: '人口密度', persons: '人', within: '范围内人口', radius: '半径',
    conflict: '冲突', undecided: '待定', clear: '符合', distance: '距离', required: '要求', margin: '余量', interval: '区间', error: '误差', target: '对象', decides: '如何判定', proof: '证据', proofHelp: '下载可复核的证据文件（sisetu verify）', rule: '条款', check: '请核对标准印本',
    hazard: '重大危险源', level: '级', none: '无', industry: '行业', kind: '类别', status: '状态', county: '县区', more: '更多', noList: '没有红色或橙色企业', facility: '拟建设施', facilityHelp: '选择设施类型，然后在地图上点选位置。', accuracy: '位置误差（米）',
    verdict: '结论', findings: '逐条判定', notes: '说明', rulesTried: '适用条款', incidentHelp: '设定半径，然后在地图上点选事故位置。', radiusM: '半径（米）', inside: '受影响人数', targets: '防护目标', plants: '范围内企业', pipelines: '管道', infrastructure: '基础设施', resources: '最近的救援力量',
    'kind-team': '救援队伍', 'kind-expert': '专家', 'kind-store': '物资库', 'kind-hospital': '医院', 'kind-shelter': '避难场所', unknown: '未定',
    high_sensitive: '高敏感', important: '重要', class_1: '一般一类', class_2: '一般二类', class_3: '一般三类', method: '方法', 'method-share': '人口占比', 'method-worst': '取最高', 'method-index': '指数', 'method-grid': '网格', offline: '服务没有回应', failed: '请求失败', coarse: '提示', back: '返回', inventory: '存量', nodata: '无数据占比', byCounts: '企业数',
    token: '令牌', tokenTitle: '需要访问令牌', tokenNeeded: '此服务只对持有令牌的人开放。', tokenUnknown: '服务不认识此令牌，或它已被撤销。请再输入一次。', tokenHelp: '令牌由管理员用 sisetu token add 发放，只存于本标签页，关闭即清除。', tokenSend: '进入',
    societal: '社会风险（F-N 曲线）', 'fn-unacceptable': '不可接受区', 'fn-alarp': '尽可能降低区', 'fn-acceptable': '可接受区', 'fn-deaths': '死亡人数 N', 'fn-often': '频率 F（/年）', 'fn-factor': '与线之比',
    total_m3: '总容积（m³）', single_m3: '单罐最大容积（m³）', store_t: '储存量（t）', charge_kg: '药量（kg）', wind_m_s: '近五年平均风速（m/s）', grade: '等级（1 最大）', fixed_roof: '固定顶罐（1 是，0 否）', underground: '地下（1 是，0 否）', diameter_mm: '管径（mm）', pressure_mpa: '压力（MPa）',
    production: '生产', storage: '储存', trading: '经营', use: '使用', transport: '运输', mine: '矿山', power: '发电', metallurgy: '冶金', operating: '在营', construction: '在建', planned: '规划', suspended: '停产', closed: '关闭',
  },
  en: {
    title: 'Four-colour map', map: 'Map', mapCanvas: 'Map', unit: 'Unit', tool: 'Tool', legend: 'Legend', layers: 'Layers', list: 'Red and orange', answer: 'Answer', close: 'Close', panel: 'Panel',
    'map-risk': 'Auto', 'map-region': 'Region', 'map-city': 'City', 'map-county': 'County', 'map-dangers': 'Dangers',
    'tool-at': 'Query', 'tool-check': 'Siting', 'tool-incident': 'Incident', other: '中文', wholeRegion: 'All',
    style: 'Style', 'style-four-colour': 'Four colours', 'style-accessible': 'Accessible', 'style-dark': 'Dark', 'style-print': 'Print', noStyle: 'The server has no such style; its own choice is shown:', format: 'Tiles', 'format-png': 'Pictures', 'format-mvt': 'Vector', noVector: 'Vector tiles cannot be drawn here: pictures instead.', 'layer-tiles': 'Risk map', 'layer-dangers': 'Hidden dangers', 'layer-enterprises': 'Red and orange plants', 'layer-conflicts': 'Conflicts', 'layer-pipelines': 'Pipelines by stretch', 'layer-basemap': 'Basemap',
    grade1: 'Red', grade2: 'Orange', grade3: 'Yellow', grade4: 'Blue', grade0: 'Not assessed', could: 'may be', why: 'Reasons', nothing: 'Nothing is known here', loading: 'Asking…',
    units: 'Units', cell: 'Grid cell', near: 'Plants near', zones: 'Hazard zones here', areas: 'Areas here', conflicts: 'Conflicts', population: 'Population', density: 'Density', persons: 'persons', within: 'Persons within', radius: 'Radius',
    conflict: 'Conflict', undecided: 'Undecided', clear: 'Clear', distance: 'Distance', required: 'Required', margin: 'Margin', interval: 'Interval', error: 'Error', target: 'Target', decides: 'What decides', proof: 'Proof', proofHelp: 'Download the proof, for sisetu verify', rule: 'Clause', check: 'check the printed standard',
    hazard: 'Major hazard', level: 'level', none: 'none', industry: 'Industry', kind: 'Kind', status: 'State', county: 'County', more: 'More', noList: 'No red or orange plants', facility: 'Facility to build', facilityHelp: 'Pick what is to be built, then click its place on the map.', accuracy: 'Position error (m)',
    verdict: 'Verdict', findings: 'Findings', notes: 'Notes', rulesTried: 'rules tried', incidentHelp: 'Set the radius, then click the place of the incident.', radiusM: 'Radius (m)', inside: 'Persons inside', targets: 'Protected targets', plants: 'Plants inside', pipelines: 'Pipelines', infrastructure: 'Infrastructure', resources: 'Nearest help',
    'kind-team': 'Rescue teams', 'kind-expert': 'Experts', 'kind-store': 'Stores', 'kind-hospital': 'Hospitals', 'kind-shelter': 'Shelters', unknown: 'cannot be told',
    high_sensitive: 'High-sensitive', important: 'Important', class_1: 'Class 1', class_2: 'Class 2', class_3: 'Class 3', method: 'Method', 'method-share': 'share of residents', 'method-worst': 'worst', 'method-index': 'index', 'method-grid': 'grid', offline: 'The server does not answer', failed: 'The request failed', coarse: 'Note', back: 'Back', inventory: 'Inventory', nodata: 'Without data', byCounts: 'Plants',
    token: 'Token', tokenTitle: 'A token is needed', tokenNeeded: 'This server answers only those who hold a token.', tokenUnknown: 'The server does not know this token, or it was removed. Enter another.', tokenHelp: 'The operator makes one with sisetu token add. It is kept in this tab only, until you close it.', tokenSend: 'Enter',
    societal: 'Societal risk (F-N curve)', 'fn-unacceptable': 'unacceptable', 'fn-alarp': 'ALARP', 'fn-acceptable': 'acceptable', 'fn-deaths': 'deaths N', 'fn-often': 'frequency F a year', 'fn-factor': 'F over its line',
    total_m3: 'Total volume (m³)', single_m3: 'Largest vessel (m³)', store_t: 'Stored (t)', charge_kg: 'Charge (kg)', wind_m_s: 'Mean wind of five years (m/s)', grade: 'Grade (1 largest)', fixed_roof: 'Fixed roof (1 yes, 0 no)', underground: 'Underground (1 yes, 0 no)', diameter_mm: 'Diameter (mm)', pressure_mpa: 'Pressure (MPa)',
  },
};

let language = 'zh';

export function setLanguage(next) {
  language = next === 'en' ? 'en' : 'zh';
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
}

export function getLanguage() {
  return language;
}

export function t(key) {
  return words[language][key] ?? key;
}

// A style of the user's own has the name that he gave it.
export const styleName = (name) => words[language][`style-${name}`] ?? name;

// A reason or sentence that the server gives in both languages.
export function sentence(item) {
  return (language === 'zh' && (item.zh || item.reason_zh)) || item.text || item.reason || item.zh || '';
}

export function metres(value) {
  if (value === null || value === undefined) return '–';
  const size = Math.abs(value);
  if (size >= 10000) return `${(value / 1000).toFixed(1)} km`;
  return `${value.toFixed(size >= 1000 ? 0 : size >= 100 ? 1 : 2)} m`;
}

export function count(value) {
  if (value === null || value === undefined) return '–';
  return Math.round(value).toLocaleString(language === 'zh' ? 'zh-CN' : 'en-US');
}

// "1,200 – 1,300": where the persons may lie; empty where that says nothing.
export function personsRange(exposure) {
  return exposure && exposure.high - exposure.low >= 1 ? `${count(exposure.low)} – ${count(exposure.high)}` : '';
}

// "1,234 (1,200 – 1,300)": persons with their interval.
export function persons(exposure) {
  if (!exposure) return '–';
  const range = personsRange(exposure);
  return `${count(exposure.value ?? exposure.persons)}${range ? ` (${range})` : ''}`;
}
